"""The catalogue, compiled: whether an event is one of its event types, and says what it must."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ingestion.event import Incoming
from ingestion.plan import (
    CATALOG,
    CONTEXT_FIELDS,
    CategorySpec,
    FieldSpec,
    PlanError,
    TypeSpec,
    read_plan,
)
from ingestion.verdict import QuarantineError
from warehouse.bounds import LARGEST_NUMBER

logger = logging.getLogger(__name__)

_PYTHON_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "object": dict,
    "array": list,
}
_JSON_TYPES = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "an array",
    type(None): "null",
}
_WANTED = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
}


class EventType:
    """One event type of the catalogue, ready to judge events.

    Attributes:
        category: Its category.
        name: Its name.
        spec: What its YAML file says.
        fields: What it may say, by path.
        entity_type: What it happens to, where that is always the same.
    """

    def __init__(self, category: str, name: str, spec: TypeSpec) -> None:
        self.category = category
        self.name = name
        self.spec = spec
        self.entity_type = spec.entity_type
        fields = {path: field for path, field in spec.fields.items() if field is not None}
        self.fields: Mapping[str, FieldSpec] = fields
        own = {path: spec for path, spec in fields.items() if "." not in path}
        self._required = tuple(path for path, spec in own.items() if spec.required)
        self._restricted = tuple(
            (path, spec)
            for path, spec in own.items()
            if spec.allowed is not None or spec.minimum is not None or spec.maximum is not None
        )
        self._remedy = f"{category}.yaml of the catalogue, then `{_replay(category, name)}`"
        self._context = _compile(dict.fromkeys(CONTEXT_FIELDS), fields, "context")
        self._properties = _compile({}, fields, "properties")

    def check(self, event: Incoming) -> None:
        """Hold an event against this type, and fill in the entity type that follows from it.

        Raises:
            QuarantineError: A field is missing, or holds what it may not.
        """
        if self.entity_type is not None:
            if event.entity_type is None:
                event.entity_type = self.entity_type
            elif event.entity_type != self.entity_type:
                raise self._error(
                    "unexpected_value",
                    "entity_type",
                    f"is always {self.entity_type}: leave it out, or choose another event type",
                )
        for name in self._required:
            if getattr(event, name) in (None, ""):
                raise self._missing(name)
        for name, spec in self._restricted:
            value = getattr(event, name)
            if value is not None:
                self._check_value(name, spec, value)
        try:
            self._context.decode(event.context)
            self._properties.decode(event.properties)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            self._explain(event)
            raise QuarantineError("wrong_type", None, str(error)) from error

    def check_field(self, path: str, value: object) -> None:
        """Hold the value of one of its fields against what the field may hold.

        Raises:
            QuarantineError: It is something else.
        """
        self._check_value(path, self.fields[path], value)

    def _explain(self, event: Incoming) -> None:
        """Find the field that the fast check stumbled over, and say it in words."""
        for group, raw in (("context", event.context), ("properties", event.properties)):
            try:
                values = msgspec.json.decode(raw)
            except UnicodeDecodeError as error:
                raise QuarantineError(
                    "invalid_text", group, f"{group} is not UTF-8: encode the request as UTF-8"
                ) from error
            except msgspec.ValidationError as error:
                raise QuarantineError(
                    "number_out_of_range",
                    group,
                    f"{group} holds a number that no computer number holds: send it as a string",
                ) from error
            if not isinstance(values, dict):
                raise self._error("wrong_type", group, f"must be an object, not {_kind(values)}")
            for path, spec in self.fields.items():
                prefix, _, name = path.partition(".")
                if prefix != group:
                    continue
                value = values.get(name)
                if value is not None:
                    self._check_value(path, spec, value)
                elif spec.required:
                    raise self._missing(path)
            if group == "context":
                for name in CONTEXT_FIELDS:
                    if not isinstance(values.get(name), str | None):
                        raise self._error(
                            "wrong_type",
                            f"context.{name}",
                            f"must be a string, not {_kind(values[name])}",
                        )

    def _check_value(self, path: str, spec: FieldSpec, value: object) -> None:
        kind = spec.type or "string"
        is_boolean = isinstance(value, bool)
        if isinstance(value, Decimal):
            pass
        elif is_boolean != (kind == "boolean") or not isinstance(value, _PYTHON_TYPES[kind]):
            raise self._error(
                "wrong_type",
                path,
                f"must be {_WANTED[kind]}, not {_kind(value)}: send it as {_WANTED[kind]}, or "
                f"correct its type in {self._remedy}",
            )
        if spec.allowed is not None and value not in spec.allowed:
            allowed = ", ".join(map(str, spec.allowed))
            raise self._error(
                "unexpected_value",
                path,
                f"must be one of: {allowed}; correct it, or add the value to {self._remedy}",
            )
        if isinstance(value, int | float | Decimal) and not is_boolean:
            lowest = -LARGEST_NUMBER if spec.minimum is None else spec.minimum
            highest = LARGEST_NUMBER if spec.maximum is None else spec.maximum
            if not lowest <= value <= highest:
                unit = f" {spec.unit}" if spec.unit else ""
                raise self._error(
                    "number_out_of_range",
                    path,
                    f"must lie between {lowest:g} and {highest:g}{unit}: check how it is computed",
                )

    def _missing(self, path: str) -> QuarantineError:
        return self._error(
            "missing_field", path, f"is missing: send {self.fields[path].description}"
        )

    def _error(self, code: str, path: str, what: str) -> QuarantineError:
        return QuarantineError(code, path, f"{path} of {self.category}/{self.name} {what}")


class Catalogue:
    """All event types, at one moment."""

    def __init__(self, categories: Mapping[str, CategorySpec]) -> None:
        self.categories = categories
        self._types = {
            (category.category, name): EventType(category.category, name, event_type)
            for category in categories.values()
            for name, event_type in category.event_types.items()
        }

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def find(self, category: str | None, event_type: str | None) -> EventType | None:
        """Return an event type; None where the catalogue does not have it."""
        return self._types.get((category, event_type))  # type: ignore[arg-type]

    def unknown(self, category: str, event_type: str) -> QuarantineError:
        """Return why an event type that is not here cannot be taken, and what to do."""
        spec = self.categories.get(category)
        if spec is None:
            return QuarantineError(
                "unknown_event_type",
                "category",
                f"the catalogue has no category {category}: it has {', '.join(self.categories)}; "
                f"correct the name, or add it by `{_add(category, event_type)} --new-category …`, "
                f"then `{_replay(category, event_type)}`",
            )
        return QuarantineError(
            "unknown_event_type",
            "event_type",
            f"{category} has no event type {event_type}: it has {', '.join(spec.event_types)}; "
            f"correct the name, or add it by `{_add(category, event_type)} --description …`, then "
            f"`{_replay(category, event_type)}`",
        )


class LiveCatalogue:
    """The catalogue of a folder, which follows the files when they change.

    Attributes:
        current: The catalogue in force. Each request takes it once, and keeps to it.
        problem: Why the files as they are now are not in force; None where they are.
    """

    def __init__(self, folder: Path = CATALOG) -> None:
        """Read the folder.

        Raises:
            PlanError: The files are wrong.
        """
        self.folder = folder
        self._seen = self._stamp()
        self.current = Catalogue(read_plan(folder))
        self.problem: str | None = None

    def refresh(self) -> bool:
        """Look whether the files have changed, and take them over if they have.

        Files that are wrong are not taken over: the catalogue stays as it was, and an error is
        logged.

        Returns:
            Whether there is another catalogue now.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self.current = Catalogue(read_plan(self.folder))
        except PlanError as error:
            self.problem = str(error)
            logger.error("catalogue not reloaded: %s", error)
            return False
        self.problem = None
        logger.info("catalogue reloaded: %d event types", len(self.current))
        return True

    def _stamp(self) -> dict[str, tuple[int, int]]:
        stamp = {}
        for path in self.folder.glob("*.yaml"):
            try:
                status = path.stat()
            except FileNotFoundError:  # deleted this moment
                continue
            stamp[path.name] = (status.st_mtime_ns, status.st_size)
        return stamp


def _compile(
    defaults: Mapping[str, None], fields: Mapping[str, FieldSpec], group: str
) -> msgspec.json.Decoder[Any]:
    """Return a decoder that accepts exactly the objects that the fields of a group allow."""
    prefix = f"{group}."
    specs = {
        **{name: FieldSpec("", type="string") for name in defaults},
        **{
            path.removeprefix(prefix): spec
            for path, spec in fields.items()
            if path.startswith(prefix)
        },
    }
    # Python attribute names are no concern of an event: "class" or "from" may be properties
    names = {name: f"f_{name}" for name in specs}
    definition = [
        (names[name], _annotation(spec))
        if spec.required
        else (names[name], _annotation(spec), None)
        for name, spec in specs.items()
    ]
    struct = msgspec.defstruct(
        group.title(),
        definition,
        rename={attribute: name for name, attribute in names.items()},
        kw_only=True,
        gc=False,
    )
    return msgspec.json.Decoder(struct)


def _annotation(spec: FieldSpec) -> Any:
    kind = _PYTHON_TYPES[spec.type or "string"]
    if spec.allowed is not None:
        kind = Literal[tuple(spec.allowed)]
    elif spec.type in ("integer", "number"):
        lowest = -LARGEST_NUMBER if spec.minimum is None else spec.minimum
        highest = LARGEST_NUMBER if spec.maximum is None else spec.maximum
        kind = Annotated[int, msgspec.Meta(ge=math.ceil(lowest), le=math.floor(highest))]
        if spec.type == "number":
            kind |= Annotated[float, msgspec.Meta(ge=float(lowest), le=float(highest))]
    return kind if spec.required else kind | None


def _kind(value: object) -> str:
    return _JSON_TYPES[type(value)]


def _add(category: str, event_type: str) -> str:
    return f"footfall catalogue add {category}/{event_type}"


def _replay(category: str, event_type: str) -> str:
    return f"footfall quarantine replay --event-type {category}/{event_type}"
