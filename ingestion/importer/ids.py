"""Gives each event of a file an id that is the same at every import.

An id follows from what the row says, from which of several equal rows it is, and from which of the
row's events. So a file may be imported again, also under another name or with rows added.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ingestion.event import NAMESPACE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_IMPORTS = uuid.uuid5(NAMESPACE, "import")
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_IN_MEMORY = 1_000_000  # hashes, of eight bytes each
_PARTITIONS = 64


class EventIds:
    """Makes the ids of a file's events, row by row in the file's order."""

    def __init__(self, source: str, repeated: frozenset[int]) -> None:
        """Begin at the file's first row.

        Args:
            source: Tells equal rows of different origins apart, such as the server's name.
            repeated: From :meth:`RepeatedRows.find`.
        """
        self._start = hashlib.sha1(uuid.uuid5(_IMPORTS, source).bytes, usedforsecurity=False)
        self._repeated = repeated
        self._seen: Counter[bytes] = Counter()

    def ordinals(self, contents: Iterable[bytes]) -> list[int]:
        """Return how many equal rows were before each of the next rows of the file."""
        ordinals = []
        for content in contents:
            ordinal = 0
            if self._repeated and row_hash(content) in self._repeated:
                digest = hashlib.sha256(content).digest()
                ordinal = self._seen[digest]
                self._seen[digest] += 1
            ordinals.append(ordinal)
        return ordinals

    def event_id(self, content: bytes, ordinal: int, event: str) -> str:
        """Return the id of one event: a version 5 UUID.

        Args:
            content: The row.
            ordinal: How many equal rows were before it.
            event: Which of the row's events it is.
        """
        state = self._start.copy()
        state.update(b"%b\0%d\0%b" % (content, ordinal, event.encode()))
        text = state.hexdigest()
        fourth = f"{_VARIANT[text[16]]}{text[17:20]}"
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{fourth}-{text[20:32]}"


def row_hash(content: bytes) -> int:
    """Return a hash of a row, of 64 bits."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


class RepeatedRows:
    """Finds the rows that are in a file more than once, in constant memory.

    Hashes go into files by their first bits, so that equal ones meet in one of them.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="footfall-import-")
        self._hashes: list[int] = []
        self._spilled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def add(self, contents: Sequence[bytes]) -> None:
        """Take note of further rows."""
        self._hashes.extend(map(row_hash, contents))
        if len(self._hashes) >= _IN_MEMORY:
            self._spill()

    def find(self) -> frozenset[int]:
        """Return the :func:`row_hash` of every row that was added more than once."""
        import numpy as np

        if not self._spilled:
            return frozenset(_repeated(np.array(self._hashes, dtype=np.uint64)).tolist())
        self._spill()
        return frozenset(
            number
            for path in Path(self._folder.name).iterdir()
            for number in _repeated(np.fromfile(path, dtype=np.uint64)).tolist()
        )

    def _spill(self) -> None:
        import numpy as np

        hashes = np.array(self._hashes, dtype=np.uint64)
        for partition in range(_PARTITIONS):
            with (Path(self._folder.name) / str(partition)).open("ab") as file:
                hashes[hashes % _PARTITIONS == partition].tofile(file)
        self._hashes.clear()
        self._spilled = True


def _repeated(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    import numpy as np

    values, counts = np.unique(hashes, return_counts=True)
    return values[counts > 1]
