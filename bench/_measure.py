"""What a piece of work costs: time, and what it makes Postgres read and hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from stack.processes import process_tree, proportional_bytes
from warehouse.connections import connect

_EVERY_SECONDS = 0.5
_STATISTICS_SECONDS = 1.1  # Postgres' sessions report what they read once a second


@dataclass
class Cost:
    """What a piece of work cost.

    Attributes:
        seconds: Time from beginning to end.
        pages: Pages of 8 kB that Postgres looked at, in memory or on disk.
        temporary: Bytes that it wrote into temporary files.
    """

    seconds: float = 0.0
    pages: int = 0
    temporary: int = 0


class Gauge:
    """Measures pieces of work on one warehouse, and the most memory that it ever took."""

    def __init__(self, owner: str) -> None:
        """Look at a warehouse.

        Args:
            owner: DSN of its owner.
        """
        self._owner = owner
        with connect(owner) as connection:
            server = psutil.Process(connection.info.backend_pid).parent()
        assert server is not None
        self._server = server
        self.peak_bytes = 0

    @contextmanager
    def cost(self) -> Iterator[Cost]:
        """Measure what the block costs."""
        cost = Cost()
        pages, temporary = self._read_so_far()
        started = time.perf_counter()
        yield cost
        cost.seconds = time.perf_counter() - started
        time.sleep(_STATISTICS_SECONDS)
        pages_now, temporary_now = self._read_so_far()
        cost.pages = pages_now - pages
        cost.temporary = temporary_now - temporary

    @contextmanager
    def watching_memory(self) -> Iterator[None]:
        """Note the most memory that Postgres and this process take together during the block."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_EVERY_SECONDS):
            processes = [*process_tree(self._server.pid), psutil.Process()]
            self.peak_bytes = max(self.peak_bytes, proportional_bytes(processes))

    def _read_so_far(self) -> tuple[int, int]:
        with connect(self._owner) as connection:
            row = connection.execute(
                "select blks_hit + blks_read, temp_bytes from pg_stat_database"
                " where datname = current_database()"
            ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])
