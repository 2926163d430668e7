"""Rows on their way from a reader to the translation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from warehouse.errors import OperatorError

Column = Sequence[object]


class UnreadableFileError(OperatorError):
    """A file cannot be read, or not to its end; the message says what to do."""


class Records(NamedTuple):
    """A handful of rows as they are in the file, not yet looked into.

    Attributes:
        numbers: Line, or row of a Parquet file, at which each begins, counted from 1.
        contents: What makes each what it is, in bytes; equal rows have equal contents.
        columns: Their cells, where the format has no rows apart from its columns.
    """

    numbers: list[int]
    contents: list[bytes]
    columns: dict[str, Column] | None = None


class Broken(NamedTuple):
    """A row that no event can be made of.

    Attributes:
        number: Line, or row of a Parquet file, counted from 1.
        problem: Why, and what to do.
        raw: The row as it is in the file.
    """

    number: int
    problem: str
    raw: str


class Table(NamedTuple):
    """Rows that could be read, column by column.

    Attributes:
        positions: Which of the records each row is, in ascending order.
        columns: Cells by column's name, as long as ``positions``; None where a cell is missing.
        broken: The records that are no rows.
    """

    positions: list[int]
    columns: dict[str, Column]
    broken: list[Broken]

    def column(self, name: str) -> Column:
        """Return a column's cells; all missing where the file has no such column."""
        return self.columns.get(name) or [None] * len(self.positions)


def missing_as_none(cells: Iterable[object], missing: Collection[str]) -> Column:
    """Return cells with None in the place of those that mean "nothing", not-a-number included.

    Args:
        cells: The cells.
        missing: Texts that mean it.
    """
    # PLR0124: only not-a-number is unequal to itself
    return [
        None if (cell in missing if type(cell) is str else cell != cell) else cell  # noqa: PLR0124
        for cell in cells
    ]


class Reader(Protocol):
    """Reads one file, as often as it is asked to, in constant memory."""

    def columns(self) -> list[str]:
        """Return the names of the file's columns.

        Raises:
            UnreadableFileError: The file is not in this format.
        """
        ...

    def records(self) -> Iterator[Records]:
        """Yield the rows of the file in order, a handful at a time.

        Raises:
            UnreadableFileError: The file cannot be read, or not to its end.
        """
        ...

    def parse(self, records: Records) -> Table:
        """Look into rows.

        Args:
            records: What :meth:`records` yielded.
        """
        ...
