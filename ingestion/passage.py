"""What is noted of a request on its way, for metrics and logs: nothing that it says."""

from __future__ import annotations

import time


class Passage:
    """One request on its way.

    Attributes:
        dialect: Name of its wire format.
        key: Name of the write key, or what stands for it; empty until the sender is known.
        size: Bytes of its body, decompressed; 0 until it is read.
    """

    __slots__ = ("_started", "dialect", "key", "size")

    def __init__(self, dialect: str) -> None:
        """Begin now."""
        self._started = time.perf_counter()
        self.dialect = dialect
        self.key = ""
        self.size = 0

    @property
    def seconds(self) -> float:
        """How long it has taken until now."""
        return time.perf_counter() - self._started

    def fields(self) -> dict[str, object]:
        """Return what a line of the log says of it."""
        return {
            "dialect": self.dialect,
            "key": self.key,
            "bytes": self.size,
            "milliseconds": round(self.seconds * 1000, 3),
        }
