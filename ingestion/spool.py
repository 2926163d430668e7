"""The spool: a directory in which events wait, safe on disk, while Postgres is away.

It is a row of segments, files that are appended to and read in the order of their numbers. What has
been landed is remembered by a position; a segment that has been landed whole is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import math
import os
import re
import threading
import time
from pathlib import Path
from typing import NamedTuple

from ingestion.frames import State, UnknownVersionError, frame, scan
from ingestion.position import Place, load_place, save_place
from warehouse.errors import OperatorError
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 8_000_000
DIRECTORY = "spool"  # in the state directory
_DAMAGED = "damaged"
_SEGMENT = re.compile(r"(\d{12})\.segment")
_REMEMBERED_SECONDS = 5.0  # a full disk may have room again soon


class Entry(NamedTuple):
    """A record as it stands in the spool, or what is left of one.

    Attributes:
        segment: Number of its segment.
        start: Offset of its first byte.
        end: Offset behind its last byte.
        events: Number of events in it.
        payload: The record; None where it is damaged, and has been set aside.
    """

    segment: int
    start: int
    end: int
    events: int
    payload: bytes | None


class SpoolFullError(Exception):
    """The spool took nothing: its bound is reached, or the disk does not take more."""


class Spool:
    """A directory of waiting records, which belongs to one process.

    Its methods wait for the disk: call them outside the event loop. One thread may append while
    another reads and confirms.

    Attributes:
        directory: Where it is.
        max_bytes: Most bytes that may wait.
        waiting_bytes: How many bytes wait; 0: nothing does.
        waiting_events: How many events wait.
        damaged: How many files are set aside, because they cannot be read.
    """

    def __init__(
        self, directory: Path, max_bytes: int, *, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        """Open it, and find what an earlier process left in it.

        Args:
            directory: Where it is; made where it is missing.
            max_bytes: Most bytes that may wait.
            segment_bytes: Size from which on a segment is full.

        Raises:
            OperatorError: It belongs to another process, cannot be used, or holds what a later
                version has written.
        """
        self.directory = directory
        self.max_bytes = max_bytes
        self.waiting_bytes = 0
        self.waiting_events = 0
        self.damaged = 0
        self._segment_bytes = segment_bytes
        self._sizes: dict[int, int] = {}  # of the segments, oldest first: what is whole in them
        self._active: int | None = None  # the segment that is appended to
        self._file = -1
        self._refused_at = -math.inf
        self._appending = threading.Lock()
        self._counting = threading.Lock()
        self._files = contextlib.ExitStack()
        try:
            self._open()
        except OSError as error:
            self.close()
            raise OperatorError(
                f"The spool {directory} cannot be used ({error.strerror}): point "
                "FOOTFALL_SPOOL_DIR to a directory that ingestion may write to, or set "
                "FOOTFALL_SPOOL_MAX_BYTES=0 to do without"
            ) from error
        except BaseException:
            self.close()
            raise

    @property
    def has_room(self) -> bool:
        """Whether it takes more, as far as is known without trying."""
        is_refusing = time.monotonic() - self._refused_at < _REMEMBERED_SECONDS
        return self.waiting_bytes < self.max_bytes and not is_refusing

    def append(self, payload: bytes, events: int) -> None:
        """Add a record; on return it is safe on disk.

        Args:
            payload: What it says.
            events: Number of events in it.

        Raises:
            SpoolFullError: Nothing was added.
        """
        framed = frame(payload, events)
        with self._appending:
            if self.waiting_bytes + len(framed) > self.max_bytes:
                self._refused_at = time.monotonic()
                raise SpoolFullError
            try:
                segment = self._write(framed)
            except OSError as error:
                if self.has_room:  # else it is known
                    logger.error("the spool takes nothing: %s", error.strerror)
                self._refused_at = time.monotonic()
                raise SpoolFullError from error
            with self._counting:
                self._sizes[segment] += len(framed)
                self.waiting_bytes += len(framed)
                self.waiting_events += events

    def read(self) -> list[Entry]:
        """Return the oldest records that wait, at most a segment of them; none where none waits.

        What is damaged is set aside first.

        Raises:
            OSError: They cannot be read.
        """
        with self._counting:
            segment, start = self._position
            size = self._sizes.get(segment, 0)
        if start >= size:
            return []
        with self._path(segment).open("rb") as file:
            file.seek(start)
            data = file.read(size - start).ljust(size - start, b"\x00")
        entries = []
        for piece in scan(data):
            whole = piece.state is State.WHOLE
            entry = Entry(
                segment,
                start + piece.start,
                start + piece.end,
                piece.events,
                piece.payload if whole else None,
            )
            if not whole:
                self._set_aside(entry, data[piece.start : piece.end])
            entries.append(entry)
        return entries

    def confirm(self, entry: Entry) -> None:
        """Remember that a record has landed. They are confirmed in the order of :meth:`read`.

        After a power failure the last ones may be there again.
        """
        with self._counting:
            self._position = Place(entry.segment, entry.end)
            self.waiting_bytes -= entry.end - entry.start
            self.waiting_events -= entry.events
            self._refused_at = -math.inf  # there is room again
        save_place(self._position_file, self._position)
        self._remove_landed()

    def set_aside(self, entry: Entry) -> None:
        """Put a record that this version cannot read where it is out of the way, but not lost.

        Raises:
            OSError: It cannot be put there.
        """
        assert entry.payload is not None
        self._set_aside(entry, frame(entry.payload, entry.events))

    def close(self) -> None:
        """Close it; what waits stays."""
        with self._appending:
            self._close_active()
            self._files.close()

    def _open(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.directory.stat().st_mode & 0o077:
            self.directory.chmod(0o700)
        lock = self._keep_open("lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OperatorError(
                f"The spool {self.directory} belongs to another ingestion that runs: give each "
                "its own FOOTFALL_SPOOL_DIR"
            ) from error
        self._position_file = self._keep_open("position")
        self._position = load_place(self._position_file)
        save_place(self._position_file, self._position)  # which takes its room before it is scarce
        for path in sorted(self.directory.iterdir()):
            if match := _SEGMENT.fullmatch(path.name):
                self._sizes[int(match[1])] = path.stat().st_size
        self._last = max(self._position.segment, *self._sizes, 0)
        for segment in self._sizes:
            self._count(segment)
        self.damaged = sum(1 for _ in self.directory.glob(f"{_DAMAGED}/*"))
        self._remove_landed()
        if self.waiting_bytes:
            logger.warning("%d events wait in the spool from before", self.waiting_events)

    def _keep_open(self, name: str) -> int:
        file = os.open(self.directory / name, os.O_CREAT | os.O_RDWR, 0o600)
        self._files.callback(os.close, file)
        return file

    def _count(self, segment: int) -> None:
        """Count what waits in a segment, and cut off what was never written to its end."""
        path = self._path(segment)
        size = self._sizes[segment]
        landed = 0
        if segment < self._position.segment:
            landed = size
        elif segment == self._position.segment:
            landed = min(size, self._position.offset)
        with path.open("rb") as file:
            file.seek(landed)
            data = file.read()
        try:
            pieces = list(scan(data))
        except UnknownVersionError as error:
            raise OperatorError(
                f"The spool {self.directory} holds events that a later version of Footfall has "
                f"written ({error}): start that version until they have landed"
            ) from error
        if segment == self._last and pieces and pieces[-1].state is State.TORN:
            torn = pieces.pop()
            logger.warning("%d bytes were never acknowledged: cut off", torn.end - torn.start)
            size = self._sizes[segment] = landed + torn.start
            with path.open("r+b") as file:
                file.truncate(size)
                os.fsync(file.fileno())
        self.waiting_bytes += size - landed
        self.waiting_events += sum(piece.events for piece in pieces)

    def _write(self, framed: bytes) -> int:
        """Write a frame behind the last one, and return the number of its segment."""
        if self._active is None or self._sizes[self._active] >= self._segment_bytes:
            self._begin_segment()
        assert self._active is not None
        size = self._sizes[self._active]
        try:
            written = 0
            while written < len(framed):
                written += os.pwrite(self._file, framed[written:], size + written)
            os.fsync(self._file)
        except OSError:
            self._undo(size)
            raise
        return self._active

    def _begin_segment(self) -> None:
        number = self._last + 1
        path = self._path(number)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            _sync(self.directory)
        except OSError:
            os.close(file)
            path.unlink()
            raise
        self._close_active()
        with self._counting:
            self._active, self._file, self._last = number, file, number
            self._sizes[number] = 0
            if self.waiting_bytes == 0:
                self._position = Place(number, 0)

    def _undo(self, size: int) -> None:
        """Cut off what was written of a frame."""
        try:
            os.ftruncate(self._file, size)
        except OSError as error:
            logger.error("a segment keeps the rest of a record: %s", error.strerror)
            self._close_active()  # nothing goes behind it

    def _close_active(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._active, self._file = None, -1

    def _remove_landed(self) -> None:
        """Remove the segments that have been landed whole."""
        while True:
            with self._counting:
                segment = next(iter(self._sizes), None)
                landed, offset = self._position
            if segment is None or (segment == landed and offset < self._sizes[segment]):
                return
            if segment > landed:
                with self._counting:
                    self._position = Place(segment, 0)
                continue
            with self._appending:
                if self._sizes[segment] > offset and segment == landed:
                    return  # something has been appended just now
                if segment == self._active:
                    self._close_active()
                with self._counting:
                    del self._sizes[segment]
            try:
                self._path(segment).unlink()
                _sync(self.directory)
            except OSError as error:
                logger.error("a landed segment of the spool stays: %s", error.strerror)

    def _set_aside(self, entry: Entry, data: bytes) -> None:
        folder = self.directory / _DAMAGED
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{entry.segment:012}-{entry.start}"
        with path.open("wb") as file:
            path.chmod(0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _sync(folder)
        self.damaged = sum(1 for _ in folder.iterdir())
        logger.error(
            "%d bytes of the spool cannot be read, and are set aside in %s/%s: acknowledged events "
            "may be among them",
            len(data),
            _DAMAGED,
            path.name,
        )

    def _path(self, segment: int) -> Path:
        return self.directory / f"{segment:012}.segment"


def _sync(directory: Path) -> None:
    """Make sure that the names in a directory outlive a power failure."""
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def open_spool(settings: Settings) -> Spool | None:
    """Open the spool that the settings name; None where nothing is spooled and nothing waits.

    Raises:
        OperatorError: It cannot be used.
    """
    directory = settings.spool_dir or settings.home / DIRECTORY
    if settings.spool_max_bytes == 0 and not any(directory.glob("*.segment")):
        return None
    return Spool(directory, settings.spool_max_bytes)
