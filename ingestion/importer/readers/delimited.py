"""Reads CSV, and other text with a delimiter between cells.

A row that does not have as many cells as the header is told apart here, before pandas would fill or
refuse it, so that each is reported with its own line.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ingestion.importer.readers.text import LONGEST_ROW, for_people, in_handfuls, lines, too_long
from ingestion.importer.rows import (
    Broken,
    Column,
    Records,
    Table,
    UnreadableFileError,
    missing_as_none,
)
from ingestion.importer.schema import CsvSpec, ImportMapping

_MOST_LINES_OF_A_ROW = 200


class DelimitedReader:
    """Reads one CSV file."""

    def __init__(self, path: Path, mapping: ImportMapping | None) -> None:
        self._path = path
        self._spec = mapping.csv if mapping else CsvSpec()
        self._missing = frozenset(("", *(mapping.missing if mapping else ())))
        self._names = mapping.columns if mapping and not self._spec.header else None

    def columns(self) -> list[str]:
        """Return the names in the header, or those that the mapping gives."""
        if self._names is None:
            first = next(self._rows(), None)
            if first is None:
                raise UnreadableFileError(f"{self._path} is empty: it has not even a header")
            self._names = self._header(first[1])
        return list(self._names)

    def records(self) -> Iterator[Records]:
        """Yield the rows below the header."""
        rows = self._rows()
        if self._spec.header:
            next(rows, None)
        return in_handfuls(rows)

    def parse(self, records: Records) -> Table:
        """Take rows apart."""
        names = self.columns()
        positions: list[int] = []
        rows: list[str] = []
        broken: list[Broken] = []
        for position, content in enumerate(records.contents):
            text = ""
            try:
                text = content.decode(self._spec.encoding)
                problem = too_long(content) or self._problem(text, len(names))
            except UnicodeDecodeError:
                problem = f"not in {self._spec.encoding}: name its encoding in csv.encoding"
            if problem:
                broken.append(Broken(records.numbers[position], problem, for_people(content)))
            else:
                positions.append(position)
                rows.append(text)
        return Table(positions, self._cells(names, rows), broken)

    def _cells(self, names: list[str], rows: list[str]) -> dict[str, Column]:
        if not rows:
            return {name: [] for name in names}
        import pandas as pd

        frame = pd.read_csv(
            io.StringIO("\n".join(rows)),
            sep=self._spec.delimiter,
            names=names,
            header=None,
            index_col=False,
            dtype="object",
            na_filter=False,
            skip_blank_lines=False,
            engine="c",
        )
        assert len(frame) == len(rows)
        return {name: missing_as_none(frame[name].tolist(), self._missing) for name in names}

    def _problem(self, row: str, cells: int) -> str | None:
        if '"' in row or "\r" in row:
            try:
                found = len(self._split(row))
            except csv.Error as error:
                return f"not CSV: {error}"
        else:
            found = row.count(self._spec.delimiter) + 1
        return None if found == cells else f"{found} cells where the header has {cells}"

    def _split(self, row: str) -> list[str]:
        return next(csv.reader([row], delimiter=self._spec.delimiter, strict=True))

    def _header(self, row: bytes) -> list[str]:
        try:
            names = [name.strip() for name in self._split(row.decode(self._spec.encoding))]
        except (csv.Error, UnicodeDecodeError) as error:
            raise UnreadableFileError(f"{self._path}: its header is not CSV: {error}") from error
        if len(set(names)) < len(names) or "" in names:
            raise UnreadableFileError(
                f"{self._path}: each column of its header needs a name of its own: "
                f"{', '.join(names)}"
            )
        return names

    def _rows(self) -> Iterator[tuple[int, bytes]]:
        """Join the lines of rows that have line ends inside quotes."""
        source = _Rewindable(lines(self._path))
        for number, content in source:
            if b'"' in content and self._quoting(content) == "open":
                yield number, self._join(number, content, source)
            else:
                yield number, content

    def _join(self, number: int, content: bytes, source: _Rewindable) -> bytes:
        """Return a row whole; its first line alone where the quote is never closed."""
        joined = content
        taken: list[tuple[int, bytes]] = []
        for line in source:
            # blank lines do not come up here; inside quotes they belong to the row
            joined += b"\n" * (line[0] - number) + line[1]
            number = line[0]
            taken.append(line)
            quoting = self._quoting(joined) if b'"' in line[1] else "open"
            if quoting == "sound":
                return joined
            if (
                quoting == "wrong"
                or len(taken) == _MOST_LINES_OF_A_ROW
                or len(joined) > LONGEST_ROW
            ):
                break
        source.push_back(taken)
        return content

    def _quoting(self, content: bytes) -> Literal["sound", "open", "wrong"]:
        """Return how the quotes of a row are, of which more lines may follow."""
        try:
            self._split(content.decode(self._spec.encoding, "replace"))
        except csv.Error as error:
            return "open" if "unexpected end of data" in str(error) else "wrong"
        return "sound"


class _Rewindable:
    """Lines, of which some can be put back."""

    def __init__(self, source: Iterator[tuple[int, bytes]]) -> None:
        self._source = source
        self._waiting: deque[tuple[int, bytes]] = deque()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        return self._waiting.popleft() if self._waiting else next(self._source)

    def push_back(self, taken: list[tuple[int, bytes]]) -> None:
        """Put lines back, to come next in their order."""
        self._waiting.extendleft(reversed(taken))
