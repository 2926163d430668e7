"""Reads mappings, and says in words what is wrong with one, before the first row is read."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ingestion.importer.schema import (
    EVENT_FIELDS,
    PLACEHOLDER,
    TIME_WORDS,
    Format,
    ImportMapping,
    MappingError,
    Rule,
    Test,
    TimeSpec,
    Value,
)
from ingestion.plan import CONTEXT_FIELDS, SNAKE_CASE

BUILT_IN = Path(__file__).parent / "mappings"

_SOURCES = ("column", "constant", "template", "hash", "option")
_LONGEST_LIST = 300
_ANY_KEY = "[...]"
_ERROR_PLACE = re.compile(r" - at `\$?\.?([^`]*)`$")
_UNKNOWN_KEY = re.compile(r"unknown field `([^`]*)`")


def built_in_names() -> list[str]:
    """Return the names of the mappings that come with Footfall."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))


def load_mapping(name_or_path: str) -> ImportMapping:
    """Read a mapping.

    Args:
        name_or_path: Name of a built-in mapping, or path of a YAML file.

    Raises:
        MappingError: There is none, or it is not as the format says.
    """
    path = Path(name_or_path)
    if name_or_path in built_in_names():
        path = BUILT_IN / f"{name_or_path}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MappingError(
            f"there is no mapping {name_or_path}: give the path of a YAML file, or one of "
            f"{', '.join(built_in_names())}"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path}: cannot be read as YAML: {error}") from error
    try:
        mapping = msgspec.convert(content, ImportMapping)
    except msgspec.ValidationError as error:
        raise MappingError(f"{path}: {_explain(_name_keys(content, str(error)))}") from error
    mapping.name = path.stem
    for problem in _problems(mapping):
        raise MappingError(f"{path}: {problem}")
    return mapping


def choose_mapping(file_format: Format, columns: list[str]) -> ImportMapping:
    """Return the built-in mapping for a file, by its format and columns.

    Args:
        file_format: The file's format.
        columns: Its columns.

    Raises:
        MappingError: None fits.
    """
    candidates = [load_mapping(name) for name in built_in_names()]
    fitting = [
        mapping
        for mapping in candidates
        if mapping.format in (None, file_format) and set(mapping.columns) <= set(columns)
    ]
    if not fitting:
        raise MappingError(
            f"no built-in mapping has the columns of this file ({_shorten(', '.join(columns))}): "
            "write one as docs/guides/import-history.md shows, and give it by --mapping FILE"
        )
    return max(fitting, key=lambda mapping: len(mapping.columns))


def _name_keys(content: Any, message: str) -> str:
    """Return msgspec's message with the keys where it has only ``[...]``."""
    place = _ERROR_PLACE.search(message)
    if place is None or _ANY_KEY not in place[1]:
        return message
    before = place[1].partition(_ANY_KEY)[0]
    inner = content
    for name, number in re.findall(r"(\w+)|\[(\d+)\]", before):
        inner = inner[name or int(number)]
    everything = dict(inner)
    for key, value in everything.items():
        inner.clear()
        inner[key] = value  # the one that is wrong is wrong by itself
        try:
            msgspec.convert(content, ImportMapping)
        except msgspec.ValidationError as error:
            return _name_keys(content, str(error).replace(_ANY_KEY, f".{key}", 1))
    return message


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_LIST else f"{text[:_LONGEST_LIST]} …"


def _explain(message: str) -> str:
    """Say msgspec's message with the key first, and what to do."""
    place = _ERROR_PLACE.search(message)
    where = place[1] if place else ""
    what = message[: place.start()] if place else message
    unknown = _UNKNOWN_KEY.search(what)
    if unknown:
        key = f"{where}.{unknown[1]}" if where else unknown[1]
        return f"{key}: there is no such key: correct its name, or take it out"
    missing = re.search(r"missing required field `([^`]*)`", what)
    if missing:
        key = f"{where}.{missing[1]}" if where else missing[1]
        return f"{key}: is missing: add it"
    return f"{where or 'the file'}: {what[:1].lower()}{what[1:]}"


def _problems(mapping: ImportMapping) -> Iterator[str]:
    yield from _time_problems(mapping.time)
    if len(mapping.csv.delimiter) != 1:
        yield "csv.delimiter: must be one character"
    try:
        if len("\n".encode(mapping.csv.encoding)) != 1:
            yield f"csv.encoding: {mapping.csv.encoding} is not supported: convert it to UTF-8"
    except LookupError:
        yield f"csv.encoding: there is no encoding {mapping.csv.encoding}: try utf-8 or latin-1"
    if not mapping.csv.header and not mapping.columns:
        yield "columns: is missing: a file without header needs the names of its columns here"
    if not mapping.events:
        yield "events: is empty: add a rule"
    groups: list[tuple[str, str, Any]] = [
        ("", name, getattr(mapping, name)) for name in ("fields", "context", "properties")
    ]
    for number, rule in enumerate(mapping.events):
        place = f"events[{number}]"
        yield from _rule_problems(place, rule)
        groups += [
            (f"{place}.", name, getattr(rule, name)) for name in ("fields", "context", "properties")
        ]
        groups.append((f"{place}.", "", {"category": rule.category, "event_type": rule.event_type}))
    for prefix, group, values in groups:
        if isinstance(values, str):
            continue
        for key, value in values.items():
            where = f"{prefix}{group}{'.' if group else ''}{key}"
            yield from _key_problems(where, group, key)
            if value is not None:
                yield from _value_problems(where, value, mapping)


def _time_problems(time: TimeSpec) -> Iterator[str]:
    if time.format not in TIME_WORDS and "%" not in time.format:
        yield (
            f"time.format: {time.format!r} is none of {', '.join(TIME_WORDS)}, nor a format such "
            "as %d/%m/%Y %H:%M"
        )
    try:
        zoneinfo.ZoneInfo(time.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        yield f"time.zone: there is no time zone {time.zone!r}: write one such as Europe/Berlin"


def _rule_problems(place: str, rule: Rule) -> Iterator[str]:
    from_row = rule.category is not None and rule.event_type is not None
    if [rule.event is not None, from_row, rule.skip].count(True) != 1:
        yield f"{place}: needs one of event, category with event_type, or skip: true"
    if rule.event is not None:
        names = rule.event.split("/")
        if len(names) != 2 or not all(SNAKE_CASE.fullmatch(name) for name in names):
            yield f"{place}.event: {rule.event!r} is no category/event_type such as product/view"
    for column, condition in rule.when.items():
        for test in condition if isinstance(condition, list) else [condition]:
            for pattern in (test.matches, test.not_matches) if isinstance(test, Test) else ():
                try:
                    re.compile(pattern or "")
                except re.error as error:
                    yield f"{place}.when.{column}: {pattern!r} is no regular expression: {error}"


def _key_problems(where: str, group: str, key: str) -> Iterator[str]:
    if group == "fields" and key not in EVENT_FIELDS:
        yield (
            f"{where}: an event has no such field: use one of {', '.join(EVENT_FIELDS)}, or put "
            "it under properties"
        )
    if group == "context" and key not in CONTEXT_FIELDS:
        yield (
            f"{where}: the context has no such key: use one of {', '.join(CONTEXT_FIELDS)}, or "
            "put it under properties"
        )


def _value_problems(where: str, value: Value, mapping: ImportMapping) -> Iterator[str]:
    if isinstance(value, str):
        return
    given = [name for name in _SOURCES if getattr(value, name) not in (None, msgspec.UNSET)]
    if value.constant is None:
        given.append("constant")
    if len(given) != 1:
        yield f"{where}: needs exactly one of {', '.join(_SOURCES)}"
    if value.option is not None and value.option not in mapping.options:
        yield f"{where}: there is no option {value.option!r}: add it under options"
    if value.template is not None and not PLACEHOLDER.search(value.template):
        yield f"{where}: the template has no column in braces: use constant instead"
