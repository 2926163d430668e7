"""What waits in the spool while Postgres is away, and its way into Postgres when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Sequence

import asyncpg
import msgspec

from ingestion.erasures import Erasures
from ingestion.group import AWAY_ERRORS, connect, land_group
from ingestion.items import Item
from ingestion.record import decode, encode
from ingestion.spool import Entry, Spool

logger = logging.getLogger(__name__)

_COMMAND_SECONDS = 60  # nobody waits for it
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0
_GATHER_SECONDS = 0.01
_PACE_SECONDS = 1.0
_STOP_SECONDS = 2.0
_ATTEMPTS = 3
_ORIGIN = "spool"


class Backlog:
    """Keeps groups in the spool, and lands them oldest first.

    Attributes:
        spool: Where they wait.
        is_away: Whether Postgres takes no events, as far as the last attempt tells.
        is_unreachable: Whether it could not even be connected to.
    """

    def __init__(self, dsn: str, spool: Spool, erasures: Erasures) -> None:
        """Create it; :meth:`start` sets it going.

        Args:
            dsn: URL of the warehouse's database as the ingest role.
            spool: Where groups wait.
            erasures: Persons of whom nothing lands.
        """
        self._dsn = dsn
        self.spool = spool
        self._erasures = erasures
        self.is_away = False
        self.is_unreachable = False
        self._appending = 0
        self._landed = 0
        self._failed: tuple[int, int] | None = None  # where the record is that failed last
        self._failures = 0
        self._stopping = False
        self._work = asyncio.Event()
        self._progress = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    @property
    def comes_first(self) -> bool:
        """Whether new groups must go behind what waits, so that their order holds."""
        return self.is_away or self._appending > 0 or self.spool.waiting_bytes > 0

    def start(self) -> None:
        """Land what waits, now and whenever Postgres has been away."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop landing; what waits stays in the spool, which is closed."""
        self._stopping = True
        self._work.set()
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=_STOP_SECONDS)
            if not done:  # it waits for Postgres
                self._task.cancel()
                await asyncio.wait([self._task])
        await asyncio.to_thread(self.spool.close)

    def lose(self, error: Exception) -> None:
        """Take note that a group could not be landed, through no fault of its events.

        Args:
            error: What went wrong.
        """
        if not self.is_away:
            logger.error(
                "Postgres is away, and events wait in the spool: %s %s",
                type(error).__name__,
                getattr(error, "sqlstate", ""),  # its message may quote what people sent
            )
        self.is_away = True
        self._work.set()

    async def append(self, items: Sequence[Item], received_at: dt.datetime) -> None:
        """Keep a group; on return it is safe on disk.

        Args:
            items: What was received.
            received_at: When.

        Raises:
            SpoolFullError: Nothing was kept.
            UnicodeError: Nothing was kept, for an event holds text that is none.
        """
        self._appending += 1
        try:
            await asyncio.to_thread(
                lambda: self.spool.append(encode(items, received_at), len(items))
            )
        finally:
            self._appending -= 1
            self._work.set()

    async def pace(self) -> None:
        """Wait before the next group, so that what waits grows slower than it lands.

        While Postgres is away, groups gather for a moment: fewer, larger ones land faster later.
        Once it is back, two must land for one that comes.
        """
        if self.is_away:
            await asyncio.sleep(_GATHER_SECONDS)
            return
        goal = self._landed + 2
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PACE_SECONDS), self._progress:
                await self._progress.wait_for(
                    lambda: self._landed >= goal or self.is_away or not self.comes_first
                )

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping:
            self._work.clear()
            if not self.comes_first:
                await self._work.wait()
                continue
            try:
                await self._drain()
                pause = _FIRST_PAUSE_SECONDS
                continue
            except AWAY_ERRORS as error:
                self.lose(error)
            except Exception as error:
                logger.exception("the spool cannot be landed")
                self.lose(error)
            await self._tell_progress()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _drain(self) -> None:
        """Land what waits until nothing does."""
        try:
            connection = await connect(self._dsn, command_seconds=_COMMAND_SECONDS)
        except AWAY_ERRORS:
            self.is_unreachable = True
            raise
        self.is_unreachable = False
        try:
            while self.comes_first:
                entries = await asyncio.to_thread(self.spool.read)
                for entry in entries:
                    if self._stopping:
                        return
                    await self._land(connection, entry)
                    await asyncio.to_thread(self.spool.confirm, entry)
                    self._landed += 1
                    self._back()
                    await self._tell_progress()
                if not entries:
                    self._back()
                    await asyncio.sleep(_GATHER_SECONDS)  # a group may be on its way to the disk
        finally:
            connection.terminate()
        logger.info("nothing waits in the spool any more")

    async def _land(self, connection: asyncpg.Connection, entry: Entry) -> None:
        if entry.payload is None:  # damaged, and set aside
            return
        try:
            record = decode(entry.payload)
            await land_group(
                connection,
                record.items,
                self._erasures,
                origin=_ORIGIN,
                received_at=record.received_at,
            )
        except AWAY_ERRORS:
            raise
        except Exception as error:
            if not isinstance(error, msgspec.MsgspecError) and self._may_be_a_chance(entry):
                raise
            logger.exception("a record of the spool cannot be landed")
            await asyncio.to_thread(self.spool.set_aside, entry)

    def _may_be_a_chance(self, entry: Entry) -> bool:
        """Count that a record failed by a fault of ours, and return whether it is tried again."""
        place = (entry.segment, entry.start)
        self._failures = self._failures + 1 if self._failed == place else 1
        self._failed = place
        return self._failures < _ATTEMPTS

    def _back(self) -> None:
        if self.is_away:
            logger.warning("Postgres is back; %d events wait", self.spool.waiting_events)
        self.is_away = False

    async def _tell_progress(self) -> None:
        async with self._progress:
            self._progress.notify_all()
