"""The tracking plan as its YAML files say it: reading them, and refusing what is not clear.

One file describes one category. ``docs/guides/add-an-event-type.md`` explains the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import msgspec
import yaml

from warehouse.errors import OperatorError

CATALOG = Path(__file__).parent / "catalog"
FieldType = Literal["string", "integer", "number", "boolean", "object", "array"]
# What the canonical event itself has, with its type; the rest of an event is context or properties.
CANONICAL_FIELDS: dict[str, FieldType] = {
    "user_id": "string",
    "anonymous_id": "string",
    "session_id": "string",
    "entity_type": "string",
    "entity_id": "string",
    "value": "number",
    "currency": "string",
    "quantity": "number",
    "occurred_at": "string",
    "consent": "string",
}
CONTEXT_FIELDS = (
    "page_url",
    "page_path",
    "page_title",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "click_id",
    "device",
    "browser",
    "os",
    "country",
    "region",
    "city",
    "ip",
    "user_agent",
    "locale",
    "platform",
    "channel",
)
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
LONGEST_NAME = 63


class PlanError(OperatorError):
    """A catalogue file is wrong; the message names the file, the event type and the field."""


class Problem(NamedTuple):
    """Something in a catalogue file that is wrong, or looks so.

    Attributes:
        file: Name of the file.
        event_type: Where in it; None: the category, or the file as a whole.
        field: Path of the field; None: the event type as a whole.
        text: What is wrong.
    """

    file: str
    event_type: str | None
    field: str | None
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in self if part)


class FieldSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What one field of an event type may hold.

    Attributes:
        description: What it means.
        type: Its type; needed under ``properties``, known elsewhere.
        unit: Unit of measure, such as ``ms``.
        required: Whether an event without it is quarantined.
        allowed: The only values it may have.
        minimum: Lowest number it may be.
        maximum: Highest number it may be.
        example: A value that it may have.
    """

    description: str
    type: FieldType | None = None
    unit: str | None = None
    required: bool = False
    allowed: list[str | int] | None = None
    minimum: float | None = None
    maximum: float | None = None
    example: Any = None


class TypeSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One event type.

    Attributes:
        description: When it is sent.
        fields: What it says, by path, on top of the category's fields; null drops one of those.
        entity_type: What it happens to, where that is always the same.
        sent_by: Dialects that send it.
        keep_days: How long raw events of it are kept; None: as its category says.
        personal: Whether it tells of a person; None: as its category says.
        example: A valid event of this type, without category and event type.
    """

    description: str
    example: dict[str, Any]
    fields: dict[str, FieldSpec | None] = {}
    entity_type: str | None = None
    sent_by: list[str] = []
    keep_days: int | None = None
    personal: bool | None = None


class CategorySpec(msgspec.Struct, forbid_unknown_fields=True):
    """One category: what its event types have in common, and the event types."""

    category: str
    description: str
    event_types: dict[str, TypeSpec]
    keep_days: int
    personal: bool
    fields: dict[str, FieldSpec] = {}
    entity_type: str | None = None
    sent_by: list[str] = []


def read_plan(folder: Path = CATALOG) -> dict[str, CategorySpec]:
    """Read all categories, each with what its event types take over from it filled in.

    Args:
        folder: Where the YAML files are.

    Returns:
        The categories by name, in alphabetical order.

    Raises:
        PlanError: A file cannot be read, is not as the format says, or contradicts another.
    """
    categories, problems = examine_plan(folder)
    if problems:
        raise PlanError(str(problems[0]))
    return categories


def examine_plan(folder: Path) -> tuple[dict[str, CategorySpec], list[Problem]]:
    """Read all categories as :func:`read_plan` does, and tell all that is wrong with them.

    Returns:
        The categories that can be read, and the problems.

    Raises:
        PlanError: There are no files.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise PlanError(f"{folder} holds no catalogue files (*.yaml)")
    problems: list[Problem] = []
    read = {path.stem: _read_category(path, problems) for path in files}
    return {name: category for name, category in read.items() if category is not None}, problems


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML takes the last of two equal keys; here the second one is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def _read_category(path: Path, problems: list[Problem]) -> CategorySpec | None:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(Problem(path.name, None, None, str(error)))
        return None
    try:
        category = msgspec.convert(content, CategorySpec)
    except msgspec.ValidationError as error:
        found = list(_misfits(path.name, content))
        problems += found or [Problem(path.name, None, None, str(error))]
        return None
    if category.category != path.stem:
        text = f"category is {category.category!r}, and must be the file's name"
        problems.append(Problem(path.name, None, None, text))
    problems += _category_problems(path.name, category)
    return category


def _misfits(file: str, content: Any) -> Iterator[Problem]:
    """Yield which parts of a file are not as the format says."""
    if not isinstance(content, dict):
        return
    yield from _misfit(file, None, {**content, "fields": {}, "event_types": {}}, CategorySpec)
    yield from _misfit_fields(file, None, content)
    types = content.get("event_types")
    for name, event_type in types.items() if isinstance(types, dict) else ():
        if isinstance(event_type, dict):
            yield from _misfit(file, str(name), {**event_type, "fields": {}}, TypeSpec)
            yield from _misfit_fields(file, str(name), event_type)


def _misfit_fields(file: str, event_type: str | None, content: dict[Any, Any]) -> Iterator[Problem]:
    fields = content.get("fields")
    for path, spec in fields.items() if isinstance(fields, dict) else ():
        yield from _misfit(file, event_type, spec, FieldSpec | None, str(path))


def _misfit(
    file: str, event_type: str | None, content: Any, kind: Any, field: str | None = None
) -> Iterator[Problem]:
    try:
        msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        yield Problem(file, event_type, field, str(error))


def _category_problems(file: str, category: CategorySpec) -> Iterator[Problem]:
    """Yield what is wrong with a category, and fill in what its event types take over from it."""
    yield from _name_problems(file, None, category.category)
    yield from _field_problems(file, None, category.fields)
    for name, event_type in category.event_types.items():
        yield from _name_problems(file, name, name)
        event_type.fields = {
            field: spec
            for field, spec in {**category.fields, **event_type.fields}.items()
            if spec is not None
        }
        event_type.entity_type = event_type.entity_type or category.entity_type
        event_type.sent_by = event_type.sent_by or category.sent_by
        if event_type.keep_days is None:
            event_type.keep_days = category.keep_days
        if event_type.personal is None:
            event_type.personal = category.personal
        if event_type.keep_days < 1:
            yield Problem(file, name, None, "keep_days: must be at least 1")
        inherited = category.fields
        own = {
            path: one for path, one in event_type.fields.items() if one is not inherited.get(path)
        }
        yield from _field_problems(file, name, own)


def _name_problems(file: str, event_type: str | None, name: str) -> Iterator[Problem]:
    if not SNAKE_CASE.fullmatch(name) or len(name) > LONGEST_NAME:
        text = f"{name!r} is not snake_case of at most {LONGEST_NAME} letters"
        yield Problem(file, event_type, None, text)


def _field_problems(
    file: str, event_type: str | None, fields: Mapping[str, FieldSpec | None]
) -> Iterator[Problem]:
    for path, spec in fields.items():
        problem = None if spec is None else _field_problem(path, spec)
        if problem is not None:
            yield Problem(file, event_type, path, problem)


def _field_problem(path: str, spec: FieldSpec) -> str | None:
    return (
        _type_problem(path, spec)
        or _allowed_problem(spec)
        or _range_problem(spec)
        or _unit_problem(spec)
    )


def _allowed_problem(spec: FieldSpec) -> str | None:
    if spec.allowed is None:
        return None
    kind = {"string": str, "integer": int}.get(spec.type or "")
    if kind is None:
        return "allowed needs the type string or integer"
    if not spec.allowed or not all(isinstance(value, kind) for value in spec.allowed):
        return f"allowed must list values of the type {spec.type}"
    if spec.example is not None and spec.example not in spec.allowed:
        return "example is none of the allowed values"
    return None


def _range_problem(spec: FieldSpec) -> str | None:
    if spec.minimum is None and spec.maximum is None:
        return None
    if spec.type not in ("integer", "number"):
        return "minimum and maximum need the type integer or number"
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        return "minimum is above maximum"
    return None


def _unit_problem(spec: FieldSpec) -> str | None:
    if spec.unit is not None and spec.type not in ("integer", "number"):
        return "unit needs the type integer or number"
    return None


def _type_problem(path: str, spec: FieldSpec) -> str | None:
    """Return what is wrong with a field's place and type, and fill in a type that is known."""
    group, _, name = path.partition(".")
    if group == "properties" and SNAKE_CASE.fullmatch(name):
        return None if spec.type else f"type is missing: one of {', '.join(get_args(FieldType))}"
    known: FieldType | None
    if group == "context" and name:
        known = "string" if name in CONTEXT_FIELDS else None
    else:
        known = CANONICAL_FIELDS.get(path)
    if known is None:
        return "is no field of an event, nor context.<one of its keys>, nor properties.<snake_case>"
    if spec.type not in (None, known):
        return f"type is always {known}"
    spec.type = known
    return None
