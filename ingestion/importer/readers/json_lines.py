"""Reads JSON Lines: one JSON object to a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ingestion.importer.readers.text import for_people, in_handfuls, lines, too_long
from ingestion.importer.rows import Broken, Records, Table, UnreadableFileError, missing_as_none
from ingestion.importer.schema import ImportMapping

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class JsonLinesReader:
    """Reads one file. A nested value is a column too, named with a dot: ``user.id``."""

    def __init__(self, path: Path, mapping: ImportMapping | None) -> None:
        self._path = path
        self._missing = frozenset(("", *(mapping.missing if mapping else ())))

    def columns(self) -> list[str]:
        """Return the columns of the first handful of rows; later rows may have others."""
        first = next(self.records(), Records([], []))
        table = self.parse(first)
        if not table.positions:
            raise UnreadableFileError(f"{self._path} holds no JSON objects, one to a line")
        return list(table.columns)

    def records(self) -> Iterator[Records]:
        """Yield the lines."""
        return in_handfuls(lines(self._path))

    def parse(self, records: Records) -> Table:
        """Decode lines."""
        positions: list[int] = []
        columns: dict[str, list[object]] = {}
        broken: list[Broken] = []
        for position, content in enumerate(records.contents):
            problem = too_long(content)
            cells: list[tuple[str, object]] = []
            try:
                cells = list(_flat(_decode(content)))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                problem = problem or f"not a JSON object: {error}"
            if problem:
                broken.append(Broken(records.numbers[position], problem, for_people(content)))
                continue
            for name, cell in cells:
                column = columns.setdefault(name, [])
                column += [None] * (len(positions) - len(column))
                column.append(cell)
            positions.append(position)
        return Table(
            positions,
            {
                name: missing_as_none(
                    [*column, *[None] * (len(positions) - len(column))], self._missing
                )
                for name, column in columns.items()
            },
            broken,
        )


def _flat(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
