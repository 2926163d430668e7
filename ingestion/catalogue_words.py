"""An event type as a person types it: fields with their types, limits and examples, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from ingestion.plan import CANONICAL_FIELDS, FieldType
from warehouse.errors import OperatorError

_REQUIRED = "required"
_PERSON = {"user_id": "u-17"}
_MADE: dict[str, Any] = {
    "string": "example",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "object": {},
    "array": [],
}


class WordsError(OperatorError):
    """What was typed cannot be read; the message shows how to say it."""


class Words(NamedTuple):
    """What was typed about an event type, each as ``PATH=…`` where it is about a field.

    Attributes:
        description: When the event is sent.
        fields: As ``PATH[:TYPE][:required]=DESCRIPTION``.
        allowed: Values that a field may have, separated by commas.
        units: Units of measure.
        minima: Lowest values.
        maxima: Highest values.
        examples: Values for the example event, of declared fields and others.
        without: Paths of the category's fields that the event type lacks.
        example: The example event as JSON; empty: made from the examples.
        entity_type: What it happens to; None: as the category says.
        keep_days: How long raw events are kept; None: as the category says.
        personal: Whether it tells of a person; None: as the category says.
        sent_by: Wire formats that send it; empty: as the category says.
    """

    description: str
    fields: Sequence[str] = ()
    allowed: Sequence[str] = ()
    units: Sequence[str] = ()
    minima: Sequence[str] = ()
    maxima: Sequence[str] = ()
    examples: Sequence[str] = ()
    without: Sequence[str] = ()
    example: str = ""
    entity_type: str | None = None
    keep_days: int | None = None
    personal: bool | None = None
    sent_by: Sequence[str] = ()


Field = dict[str, Any]  # as the YAML has it


def read_fields(words: Words) -> dict[str, Field | None]:
    """Return the fields of an event type as its YAML has them, by path.

    Raises:
        WordsError: Something cannot be read, or is about a field that is not declared.
    """
    fields = dict(map(_field, words.fields))
    for option, given in (
        ("unit", words.units),
        ("minimum", words.minima),
        ("maximum", words.maxima),
        ("allowed", words.allowed),
    ):
        for text in given:
            path, value = _about(text, f"--{option}")
            if path not in fields:
                raise WordsError(f"--{option} {text!r}: declare {path} too, by --field {path}:…=…")
            fields[path][option] = _value(option, value, _type(path, fields[path]))
    for text in words.examples:
        path, value = _about(text, "--example")
        if path in fields:
            fields[path]["example"] = _typed(value, _type(path, fields[path]))
    declared: dict[str, Field | None] = {**fields}
    return {**declared, **dict.fromkeys(words.without)}


def make_example(
    words: Words,
    fields: Mapping[str, Field | None],
    inherited: Mapping[str, Any],
    *,
    is_personal: bool,
) -> dict[str, Any]:
    """Return the example event: the one that was typed, else one made from the fields' examples.

    Args:
        words: What was typed.
        fields: Of the event type.
        inherited: What the category says of its fields, by path.
        is_personal: Whether the event tells of a person.

    Raises:
        WordsError: What was typed is no JSON object.
    """
    if words.example:
        try:
            given = json.loads(words.example)
        except ValueError as error:
            raise WordsError(f"--example-event is no JSON: {error}") from error
        if not isinstance(given, dict):
            raise WordsError("--example-event is no JSON object")
        return given
    values: dict[str, Any] = dict(_PERSON) if is_personal else {}
    for path, spec in inherited.items():
        if path not in fields and spec.required:
            values[path] = _value_of(spec.type, spec.allowed, spec.minimum, spec.example)
    for path, field in fields.items():
        if field is not None:
            values[path] = _value_of(
                _type(path, field),
                field.get("allowed"),
                field.get("minimum"),
                field.get("example"),
            )
    for text in words.examples:
        path, value = _about(text, "--example")
        if path not in fields:
            spec = inherited.get(path)
            values[path] = _typed(value, spec.type if spec else _type(path, {}))
    return _nested(values)


def _field(text: str) -> tuple[str, Field]:
    head, sign, description = text.partition("=")
    path, *marks = head.split(":")
    types = [mark for mark in marks if mark != _REQUIRED]
    if not (path and sign and description.strip()) or len(types) > 1:
        raise WordsError(
            f"--field {text!r} is not PATH[:TYPE][:required]=DESCRIPTION, as in "
            "'properties.choice:string:required=what they voted for'"
        )
    known = get_args(FieldType)
    if types and types[0] not in known:
        raise WordsError(f"--field {text!r}: {types[0]} is no type: {', '.join(known)}")
    if path.startswith("properties.") and not types:
        raise WordsError(f"--field {text!r}: say its type, as in {path}:string={description}")
    field: Field = {"type": types[0]} if types else {}
    if _REQUIRED in marks:
        field["required"] = True
    return path, {**field, "description": description.strip()}


def _about(text: str, option: str) -> tuple[str, str]:
    path, sign, value = text.partition("=")
    if not (path and sign and value):
        raise WordsError(f"{option} {text!r} is not PATH=VALUE, as in properties.price=29.99")
    return path, value


def _value(option: str, text: str, kind: str | None) -> Any:
    if option == "unit":
        return text
    if option == "allowed":
        return [_typed(one.strip(), kind) for one in text.split(",")]
    return _typed(text, "number")


def _typed(text: str, kind: str | None) -> Any:
    """Return a value of a type; where none is known, JSON where it is, else text."""
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        if kind is None:
            return text
        raise WordsError(f"{text!r} is no {kind}") from error


def _value_of(
    kind: str | None, allowed: Sequence[Any] | None, minimum: float | None, example: Any
) -> Any:
    """Return a value that a field may have: its example, where it has one."""
    if example is not None:
        return example
    if allowed:
        return allowed[0]
    return _MADE["string" if kind is None else kind] if minimum is None else minimum


def _type(path: str, field: Field) -> str | None:
    """Return a field's type; where it says none, the one that it always has."""
    known = "string" if path.startswith("context.") else CANONICAL_FIELDS.get(path)
    return field.get("type") or known


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event with values at paths, the event's own fields first."""
    event = {path: value for path, value in values.items() if "." not in path}
    for path, value in values.items():
        group, _, name = path.partition(".")
        if name:
            event.setdefault(group, {})[name] = value
    return event
