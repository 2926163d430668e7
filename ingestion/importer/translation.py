"""Makes events of rows, as a mapping says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from ingestion.importer.ids import EventIds
from ingestion.importer.readers.text import for_people
from ingestion.importer.rows import Broken, Column, Records, Table
from ingestion.importer.schema import Expression, ImportMapping, Rule, Scalar, Value, columns_of
from ingestion.importer.times import compile_time
from ingestion.importer.values import Check, Compute, compile_condition, compile_value

Event = dict[str, Any]

_NO_RULE = (
    "no rule of the mapping applies: add one under events, with skip: true where such rows are to "
    "be left out"
)


class Translated(NamedTuple):
    """What became of a handful of rows.

    Attributes:
        events: Canonical events, in the order of the rows.
        numbers: Line, or row of a Parquet file, that each event comes from.
        broken: The rows of which there is none.
        skipped: How many rows the mapping leaves out.
    """

    events: list[Event]
    numbers: list[int]
    broken: list[Broken]
    skipped: int


class _CompiledRule(NamedTuple):
    key: str
    when: list[tuple[str, Check]]
    skip: bool
    columns: list[str]
    values: dict[str, Compute]


class Translation:
    """A mapping, ready to make events."""

    def __init__(self, mapping: ImportMapping, options: Mapping[str, Scalar], salt: bytes) -> None:
        """Compile a mapping.

        Args:
            mapping: What rows mean.
            options: From :meth:`ImportMapping.option_values`.
            salt: Secret key of hashes.
        """
        self._options = options
        self._salt = salt
        self._time = mapping.time
        self._read_times = compile_time(mapping.time)
        self._rules: list[_CompiledRule] = []
        seen: Counter[str] = Counter()
        for rule in mapping.events:
            name = rule.event or ""
            seen[name] += 1
            # rules may be added and moved without another id for the events of the others
            key = name if seen[name] == 1 else f"{name}#{seen[name]}"
            self._rules.append(self._compile(key, rule, mapping))

    def translate(self, records: Records, table: Table, ids: EventIds) -> Translated:
        """Make events of rows.

        Args:
            records: The rows as they are in the file.
            table: The same, looked into.
            ids: Ids of the file's events, which gives the ordinals of these rows now.
        """
        ordinals = ids.ordinals(records.contents)
        times = self._read_times(table.column(self._time.column))
        rows_of_rules = [_applying_rows(rule, table) for rule in self._rules]
        skipped: set[int] = set()
        mapped: set[int] = set()
        for rule, rows in zip(self._rules, rows_of_rules, strict=True):
            (skipped if rule.skip else mapped).update(rows)
        mapped -= skipped
        broken = list(table.broken)
        for row, position in enumerate(table.positions):
            if row in skipped:
                continue
            problem = None if row in mapped else _NO_RULE
            if problem is None and times[row] is None:
                problem = self._time_problem(table, row)
                mapped.remove(row)
            if problem:
                raw = for_people(records.contents[position])
                broken.append(Broken(records.numbers[position], problem, raw))
        events: list[tuple[int, Event]] = []
        for rule, rows in zip(self._rules, rows_of_rules, strict=True):
            wanted = [row for row in rows if row in mapped]
            for row, event in zip(wanted, _events(rule, table, wanted), strict=True):
                position = table.positions[row]
                content = records.contents[position]
                if not event.get("event_id"):
                    event["event_id"] = ids.event_id(content, ordinals[position], rule.key)
                event["occurred_at"] = times[row]
                events.append((records.numbers[position], event))
        events.sort(key=itemgetter(0))
        return Translated(
            [event for _, event in events],
            [number for number, _ in events],
            sorted(broken),
            len(skipped),
        )

    def _time_problem(self, table: Table, row: int) -> str:
        given = table.column(self._time.column)[row]
        if given is None:
            return f"{self._time.column} is missing: an event needs a time"
        return f"{self._time.column} {given!r} is no time in the format {self._time.format}"

    def _compile(self, key: str, rule: Rule, mapping: ImportMapping) -> _CompiledRule:
        given: dict[str, Value] = {**mapping.fields, **rule.fields}
        if rule.event:
            category, _, event_type = rule.event.partition("/")
            given["category"] = Expression(constant=category)
            given["event_type"] = Expression(constant=event_type)
        elif rule.category is not None and rule.event_type is not None:
            given["category"] = rule.category
            given["event_type"] = rule.event_type
        values = {name: self._value(value) for name, value in given.items()}
        columns = {column for value in given.values() for column in columns_of(value)}
        for name in ("context", "properties"):
            common, own = getattr(mapping, name), getattr(rule, name)
            group = {**common, **own} if isinstance(own, dict) else {"": own}
            columns.update(column for value in group.values() for column in columns_of(value))
            if isinstance(own, str):
                values[name] = _written_object(self._value(own))
            elif group:
                values[name] = _object({key: self._value(value) for key, value in group.items()})
        when = [(column, compile_condition(condition)) for column, condition in rule.when.items()]
        return _CompiledRule(key, when, rule.skip, sorted(columns), values)

    def _value(self, value: Value) -> Compute:
        return compile_value(value, self._options, self._salt)


def _object(values: Mapping[str, Compute]) -> Compute:
    """Return a function to a column of objects, without the keys that a row has nothing for."""

    def compute(table: Table) -> Column:
        columns = [value(table) for value in values.values()]
        return [
            {name: cell for name, cell in zip(values, cells, strict=True) if cell is not None}
            for cells in zip(*columns, strict=True)
        ]

    return compute


def _written_object(value: Compute) -> Compute:
    """Return a function to a column of objects, which a file without objects has as JSON text."""

    def read(cell: object) -> object:
        if not isinstance(cell, str):
            return cell
        try:
            return msgspec.json.decode(cell)
        except msgspec.DecodeError:
            return cell  # which the check of the event calls by its name

    return lambda table: [read(cell) for cell in value(table)]


def _applying_rows(rule: _CompiledRule, table: Table) -> list[int]:
    rows = list(range(len(table.positions)))
    for column, check in rule.when:
        cells = table.column(column)
        rows = [row for row in rows if check(cells[row])]
    return rows


def _events(rule: _CompiledRule, table: Table, rows: list[int]) -> Iterator[Event]:
    """Yield what a rule makes of some rows of a table, but for id and time."""
    chosen = Table(
        [table.positions[row] for row in rows],
        {
            name: [cells[row] for row in rows]
            for name in rule.columns
            if (cells := table.columns.get(name)) is not None
        },
        [],
    )
    columns = [value(chosen) for value in rule.values.values()]
    for cells in zip(*columns, strict=True):
        yield {
            name: cell
            for name, cell in zip(rule.values, cells, strict=True)
            if cell is not None and cell != {}
        }
