"""What a mapping may say: the schema of its YAML files.

``docs/guides/import-history.md`` explains it to people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, get_args

import msgspec

from warehouse.errors import OperatorError

Format = Literal["combined", "csv", "jsonl", "parquet"]
FORMATS: tuple[str, ...] = get_args(Format)
EVENT_FIELDS = (
    "event_id",
    "user_id",
    "anonymous_id",
    "session_id",
    "entity_type",
    "entity_id",
    "value",
    "currency",
    "quantity",
    "consent",
)
TIME_WORDS = ("iso", "epoch_s", "epoch_ms", "epoch_us")

Scalar = str | int | float | bool | None
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class MappingError(OperatorError):
    """A mapping cannot be used; the message names the file, the key and the remedy."""


class Expression(msgspec.Struct, forbid_unknown_fields=True, rename={"as_type": "as"}):
    """Where a value comes from, where the mapping says more than a column's name.

    Attributes:
        column: The column's cell.
        constant: Always this value.
        template: Text with cells in it, such as ``/{page}``; nothing where one of them is missing.
        hash: A keyed hash of these columns' cells, which tells people apart without naming them.
        option: The value of one of the mapping's options.
        as_type: What to make of a text: ``text``, ``number``, ``integer`` or ``boolean``.
        map: Replacements by cell; a cell that is not in it stays as it is.
    """

    column: str | None = None
    constant: Scalar | msgspec.UnsetType = msgspec.UNSET
    template: str | None = None
    hash: list[str] | None = None
    option: str | None = None
    as_type: Literal["text", "number", "integer", "boolean"] = "text"
    map: dict[str, Scalar] = {}


Value = str | Expression


class Test(
    msgspec.Struct, forbid_unknown_fields=True, rename={"at_least": "from", "at_most": "to"}
):
    """A condition on a cell, where it is not simply a value. What is given must all hold.

    Attributes:
        at_least: Lowest number, ``from`` in the file.
        at_most: Highest number, ``to`` in the file.
        matches: A regular expression that is found in the cell.
        not_matches: A regular expression that is not found in it.
        missing: Whether the cell is missing.
    """

    at_least: float | None = None
    at_most: float | None = None
    matches: str | None = None
    not_matches: str | None = None
    missing: bool | None = None


Condition = Scalar | Test | list[Scalar | Test]


class TimeSpec(msgspec.Struct, forbid_unknown_fields=True):
    """When a row's events occurred.

    Attributes:
        column: Its column.
        format: ``iso``, ``epoch_s``, ``epoch_ms``, ``epoch_us``, or as for ``strptime``.
        zone: IANA time zone of times that name none.
    """

    column: str
    format: str = "iso"
    zone: str = "UTC"


class CsvSpec(msgspec.Struct, forbid_unknown_fields=True):
    """How a CSV file is written.

    Attributes:
        delimiter: One character between cells.
        encoding: Name of its encoding, one in which a line end is one byte.
        header: Whether its first line names the columns; else ``columns`` does.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True


class OptionSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A value that the caller may give, by ``--option NAME=VALUE``."""

    description: str
    default: Scalar = None


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """An event that a row stands for. A row is as many events as rules apply to it.

    Attributes:
        event: Category and event type, such as ``product/view``.
        category: The category, where it comes out of the row.
        event_type: The event type, where it comes out of the row.
        skip: The row is left out on purpose, and counted as such.
        when: Conditions by column; the rule applies where all hold, or there is none.
        fields: Canonical fields, on top of the mapping's.
        context: Context, on top of the mapping's.
        properties: Properties, on top of the mapping's.
    """

    event: str | None = None
    category: Value | None = None
    event_type: Value | None = None
    skip: bool = False
    when: dict[str, Condition] = {}
    fields: dict[str, Value] = {}
    context: dict[str, Value] | str = {}
    properties: dict[str, Value] | str = {}


class _MappingFile(msgspec.Struct, forbid_unknown_fields=True):
    description: str
    time: TimeSpec
    events: list[Rule]
    format: Format | None = None
    columns: list[str] = []
    optional: list[str] = []
    csv: CsvSpec = msgspec.field(default_factory=CsvSpec)
    missing: list[str] = []
    options: dict[str, OptionSpec] = {}
    fields: dict[str, Value] = {}
    context: dict[str, Value] = {}
    properties: dict[str, Value] = {}


class ImportMapping(_MappingFile):
    """A mapping that has been checked.

    Attributes:
        name: The file's name without ending.
        description: What files it is for.
        time: When a row's events occurred.
        events: The rules, in order.
        format: The only format that it reads; None: any with these columns.
        columns: Columns that a file must have for the mapping to be chosen for it by itself; the
            names of the columns where a CSV file has no header.
        optional: Columns that a file need not have.
        csv: How a CSV file is written.
        missing: Cells that mean "nothing", besides the empty one.
        options: What the caller may set, by name.
        fields: Canonical fields of every event.
        context: Context of every event.
        properties: Properties of every event.
    """

    name: str = ""

    def option_values(self, given: Mapping[str, str]) -> dict[str, Scalar]:
        """Return the value of every option.

        Args:
            given: What the caller sets.

        Raises:
            MappingError: The mapping has no such option.
        """
        for name in given:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise MappingError(f"mapping {self.name} has no option {name!r}; it has: {known}")
        return {name: given.get(name, spec.default) for name, spec in self.options.items()}


def missing_columns(mapping: ImportMapping, columns: Iterable[str]) -> list[str]:
    """Return the columns that a mapping uses and a file does not have, in alphabetical order."""
    used = {mapping.time.column, *mapping.columns}
    parts: list[ImportMapping | Rule] = [mapping, *mapping.events]
    for part in parts:
        groups: list[dict[str, Value] | str] = [part.fields, part.context, part.properties]
        for group in groups:
            for value in [group] if isinstance(group, str) else group.values():
                used.update(columns_of(value))
    for rule in mapping.events:
        used.update(rule.when)
        for name in (rule.category, rule.event_type):
            if name is not None:
                used.update(columns_of(name))
    return sorted(used.difference(columns, mapping.optional))


def columns_of(value: Value) -> Iterator[str]:
    """Yield the columns that a value is made of."""
    if isinstance(value, str):
        yield value
        return
    if value.column is not None:
        yield value.column
    yield from value.hash or ()
    yield from PLACEHOLDER.findall(value.template or "")
