"""Lines of a file, compressed or not, in constant memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, cast

from ingestion.importer.rows import Records, UnreadableFileError

ROWS_AT_ONCE = 1_000
LONGEST_ROW = 1_000_000  # bytes; the API takes no event of a tenth of this

_GZIP_MAGIC = b"\x1f\x8b"
_FOREIGN_MAGIC = {
    b"BZh": "compressed with bzip2: decompress it first",
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"\xfd7zXZ\x00": "compressed with xz: decompress it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd: decompress it first",
    b"\xff\xfe": "text in UTF-16: convert it to UTF-8 first",
    b"\xfe\xff": "text in UTF-16: convert it to UTF-8 first",
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@contextmanager
def open_plain(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to read its bytes, decompressed where its first bytes say that it is gzip.

    Raises:
        UnreadableFileError: It cannot be opened or decompressed, or is compressed otherwise.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(6)
            file.seek(0)
            for foreign, what in _FOREIGN_MAGIC.items():
                if magic.startswith(foreign):
                    raise UnreadableFileError(f"{path} is {what}")
            if magic.startswith(_GZIP_MAGIC):
                with gzip.open(file) as plain:
                    yield cast("IO[bytes]", plain)
            else:
                yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(
            f"{path} is damaged or cut short: {error}. To import what can be read of it, write "
            f"that to a new file: zcat {path} > NEW"
        ) from error
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror or error}") from error


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, each with its number from 1, without its line end.

    Of a line that is longer than :data:`LONGEST_ROW` the first part is yielded, one byte longer
    than that.

    Raises:
        UnreadableFileError: See :func:`open_plain`.
    """
    with open_plain(path) as file:
        number = 0
        while line := file.readline(LONGEST_ROW + 1):
            number += 1
            if len(line) > LONGEST_ROW and not line.endswith(b"\n"):
                while (rest := file.readline(LONGEST_ROW)) and not rest.endswith(b"\n"):
                    pass
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            line = line.rstrip(b"\r\n")
            if line and not line.isspace():
                yield number, line


def in_handfuls(rows: Iterable[tuple[int, bytes]]) -> Iterator[Records]:
    """Yield numbered rows as records, :data:`ROWS_AT_ONCE` at a time."""
    source = iter(rows)
    while some := list(islice(source, ROWS_AT_ONCE)):
        yield Records([number for number, _ in some], [content for _, content in some])


def too_long(content: bytes) -> str | None:
    """Return what to tell of a row that is longer than any event may be."""
    if len(content) <= LONGEST_ROW:
        return None
    return f"longer than {LONGEST_ROW:,} bytes: is it the right format?"


def for_people(content: bytes) -> str:
    """Return a row as text for a report, whatever bytes it has, cut where it is very long."""
    return content[:10_000].decode("utf-8", "backslashreplace")
