"""Reads Parquet."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ingestion.importer.readers.text import ROWS_AT_ONCE, open_plain
from ingestion.importer.rows import Records, Table, UnreadableFileError, missing_as_none
from ingestion.importer.schema import ImportMapping

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_encode = msgspec.json.Encoder(enc_hook=str).encode


class ParquetReader:
    """Reads one file, a row group after the other."""

    def __init__(self, path: Path, mapping: ImportMapping | None) -> None:
        self._path = path
        self._missing = frozenset(("", *(mapping.missing if mapping else ())))

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        with self._open() as file:
            return list(file.schema_arrow.names)

    def records(self) -> Iterator[Records]:
        """Yield the rows; what makes a row what it is are its columns and cells as JSON."""
        import pyarrow as pa

        number = 0
        with self._open() as file:
            try:
                for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                    cells = {
                        name: missing_as_none(batch.column(place).to_pylist(), self._missing)
                        for place, name in enumerate(batch.schema.names)
                    }
                    rows = zip(*cells.values(), strict=True)
                    contents = [_encode(dict(zip(cells, row, strict=True))) for row in rows]
                    numbers = list(range(number + 1, number + len(contents) + 1))
                    number += len(contents)
                    yield Records(numbers, contents, cells)
            except (pa.ArrowException, OSError) as error:
                raise UnreadableFileError(f"{self._path} is damaged: {error}") from error

    def parse(self, records: Records) -> Table:
        """Return the cells; every row of a Parquet file is one."""
        return Table(list(range(len(records.numbers))), records.columns or {}, [])

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with (
            tempfile.TemporaryFile(prefix="footfall-import-") as plain,
            open_plain(self._path) as source,
        ):
            # it is read from its end, so what is compressed as a whole is laid out first
            if isinstance(source, GzipFile):
                shutil.copyfileobj(source, plain)
            try:
                file = pq.ParquetFile(plain if isinstance(source, GzipFile) else source)
            except (pa.ArrowException, OSError) as error:
                raise UnreadableFileError(f"{self._path} is no Parquet file: {error}") from error
            with file:
                yield file
