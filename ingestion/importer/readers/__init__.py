"""Readers of file formats, one module each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.importer.readers.combined import CombinedReader
from ingestion.importer.readers.delimited import DelimitedReader
from ingestion.importer.readers.json_lines import JsonLinesReader
from ingestion.importer.readers.parquet import ParquetReader
from ingestion.importer.rows import Reader
from ingestion.importer.schema import Format, ImportMapping

_READERS: dict[Format, Callable[[Path, ImportMapping | None], Reader]] = {
    "combined": CombinedReader,
    "csv": DelimitedReader,
    "jsonl": JsonLinesReader,
    "parquet": ParquetReader,
}


def open_reader(path: Path, file_format: Format, mapping: ImportMapping | None = None) -> Reader:
    """Return a reader of a file.

    Args:
        path: The file, compressed with gzip or not.
        file_format: Its format.
        mapping: What it says about how the file is written; None: only the columns are wanted.
    """
    return _READERS[file_format](path, mapping)
