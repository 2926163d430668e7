"""Group commit: whatever is queued lands in one transaction, and then all its senders are answered.

There is no artificial delay: the commit that is under way is the time in which the next group
gathers. While Postgres is away, groups go to the spool, and so do those that come before what waits
there has landed; without a spool, senders get ``UnavailableError`` and keep their events.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import asyncpg
import msgspec

from ingestion.answers import RefusedError
from ingestion.backlog import Backlog
from ingestion.erasures import Erasures
from ingestion.event import Event
from ingestion.group import AWAY_ERRORS, connect, judge_landed, land_group, unstorable
from ingestion.items import Item
from ingestion.metrics import Metrics
from ingestion.spool import Spool, SpoolFullError
from ingestion.verdict import Reason, Verdict

logger = logging.getLogger(__name__)

MAX_GROUP_EVENTS = 5_000
_RETRY_SECONDS = 0.1
# A group that takes longer goes to the spool. Without one it may take its time.
_LANDING_SECONDS = 5.0
_LANDING_SECONDS_UNSPOOLED = 30.0

SPOOLED = Reason(
    "spooled",
    None,
    "Postgres is away: the event is safe on disk, and counts once Postgres is back; if its id is "
    "known there already, it turns out a duplicate then",
)


class UnavailableError(RefusedError):
    """Nothing was taken and nothing is acknowledged: the sender must try again."""

    def __init__(self, code: str, message: str, retry_after_seconds: int) -> None:
        super().__init__(503, code, message, {"retry-after": str(retry_after_seconds)})


class _Submission:
    """The events of one request, on their way."""

    __slots__ = ("done", "items", "size", "verdicts")

    def __init__(self, items: Sequence[Item], size: int, done: asyncio.Future[None]) -> None:
        self.items = items
        self.size = size
        self.done = done
        self.verdicts: Sequence[Verdict] = ()


class Landing:
    """Takes events from requests, and lands them in groups.

    Attributes:
        queued_events: How many events wait.
        queued_bytes: How many bytes of request bodies wait.
        backlog: What waits for Postgres to be back; None where nothing is spooled.
    """

    def __init__(
        self,
        dsn: str,
        *,
        max_queued_events: int,
        max_queued_bytes: int,
        erasures: Erasures,
        spool: Spool | None = None,
        metrics: Metrics | None = None,
        writers: int = 1,
    ) -> None:
        """Create it; :meth:`start` sets it going.

        Args:
            dsn: URL of the warehouse's database as the ingest role.
            max_queued_events: Most events that may wait.
            max_queued_bytes: Most bytes of request bodies that may wait.
            erasures: Persons of whom nothing lands.
            spool: Where events wait while Postgres is away; None: with their senders.
            metrics: Where groups are counted; None: nowhere that anybody sees.
            writers: How many transactions may be under way at once.
        """
        self._dsn = dsn
        self._max_events = max_queued_events
        self._max_bytes = max_queued_bytes
        self._erasures = erasures
        self._metrics = metrics or Metrics()
        self._writers = writers
        self._queue: deque[_Submission] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self.queued_events = 0
        self.queued_bytes = 0
        self.backlog = None if spool is None else Backlog(dsn, spool, erasures)

    def start(self) -> None:
        """Start the writers, which connect by themselves, now and after every loss."""
        if self.backlog is not None:
            self.backlog.start()
        self._tasks = [asyncio.create_task(self._write()) for _ in range(self._writers)]

    async def drain(self) -> None:
        """Land or spool what is queued, then stop."""
        self._stopping = True
        self._wake.set()
        await asyncio.gather(*self._tasks)
        if self.backlog is not None:
            await self.backlog.stop()

    @property
    def is_full(self) -> bool:
        """Whether a request would have to be sent away, however small."""
        return self._stopping or (bool(self._queue) and not self._has_room(1, 0))

    def _has_room(self, events: int, size: int) -> bool:
        return (
            self.queued_events + events <= self._max_events
            and self.queued_bytes + size <= self._max_bytes
        )

    async def submit(self, items: Sequence[Item], size: int) -> Sequence[Verdict]:
        """Land the events of one request.

        Args:
            items: Events and rejected events, in the order of the request.
            size: Bytes of the request's body.

        Returns:
            A verdict for each, in order. What they say is committed, or safe in the spool.

        Raises:
            UnavailableError: The queue is full, or Postgres is away and nothing can be spooled.
                Nothing is acknowledged.
        """
        if not items:
            return []
        # an empty queue takes any request that the limits on requests let through
        if self._stopping or (self._queue and not self._has_room(len(items), size)):
            raise UnavailableError("busy", "more is waiting than can be landed: try again", 1)
        submission = _Submission(items, size, asyncio.get_running_loop().create_future())
        self._queue.append(submission)
        self.queued_events += len(items)
        self.queued_bytes += size
        self._wake.set()
        await submission.done
        return submission.verdicts

    async def _write(self) -> None:
        connection: asyncpg.Connection | None = None
        try:
            while True:
                if not self._queue:
                    if self._stopping:
                        return
                    self._wake.clear()
                    await self._wake.wait()
                    # requests that have arrived with the one that woke us land with it
                    await asyncio.sleep(0)
                    continue
                group = self._take()
                if self.backlog is not None and self.backlog.comes_first:
                    await self._keep(self.backlog, group, _now())
                    continue
                started = _now()
                try:
                    if connection is None or connection.is_closed():
                        connection = await connect(self._dsn)
                    await self._land(connection, group)
                    continue
                except AWAY_ERRORS as error:
                    if self.backlog is None:
                        self._fail(group, error)
                        await asyncio.sleep(_RETRY_SECONDS)
                    else:
                        self.backlog.lose(error)
                        await self._keep(self.backlog, group, started)
                except Exception as error:
                    # a fault of ours must reach the senders, and not end the writer
                    logger.exception("landing failed")
                    self._fail(group, error)
                if connection is not None:
                    connection.terminate()
                    connection = None
        finally:
            if connection is not None:
                with contextlib.suppress(*AWAY_ERRORS):
                    await connection.close(timeout=2)

    def _take(self) -> list[_Submission]:
        group: list[_Submission] = []
        events = 0
        while self._queue and (not group or events + len(self._queue[0].items) <= MAX_GROUP_EVENTS):
            submission = self._queue.popleft()
            events += len(submission.items)
            self.queued_bytes -= submission.size
            group.append(submission)
        self.queued_events -= events
        return group

    async def _land(self, connection: asyncpg.Connection, group: Sequence[_Submission]) -> None:
        seconds = _LANDING_SECONDS_UNSPOOLED if self.backlog is None else _LANDING_SECONDS
        # not by cancelling, for then asyncpg would wait for Postgres to agree
        watch = asyncio.get_running_loop().call_later(seconds, connection.terminate)
        items = _items(group)
        started = time.perf_counter()
        try:
            verdicts = await land_group(connection, items, self._erasures)
        finally:
            watch.cancel()
        self._metrics.landed(len(items), time.perf_counter() - started)
        _answer(group, verdicts)

    async def _keep(
        self, backlog: Backlog, group: Sequence[_Submission], received_at: dt.datetime
    ) -> None:
        """Put a group into the spool, and acknowledge it."""
        items = self._erasures.apply(_items(group))
        for item in items:
            if isinstance(item, Event) and item.occurred_at is None:
                item.occurred_at = received_at  # as when it lands, for the answers
        try:
            try:
                await backlog.append(items, received_at)
            except UnicodeError:
                items = [item if _is_encodable(item) else unstorable(item) for item in items]
                await backlog.append(items, received_at)
        except SpoolFullError:
            _refuse(group, _away if backlog.spool.max_bytes == 0 else _full)
        except Exception as error:
            logger.exception("spooling failed")
            self._fail(group, error)
        else:
            ids = {item.event_id for item in items if isinstance(item, Event)}
            _answer(group, judge_landed(items, ids, reason=SPOOLED))
        if not self._stopping:
            await backlog.pace()

    def _fail(self, group: Sequence[_Submission], error: Exception) -> None:
        logger.error(
            "nothing landed of %d requests: %s %s",
            len(group),
            type(error).__name__,
            getattr(error, "sqlstate", ""),  # its message may quote what people sent
        )
        _refuse(group, _away)


def _items(group: Sequence[_Submission]) -> list[Item]:
    return [item for submission in group for item in submission.items]


def _answer(group: Sequence[_Submission], verdicts: Sequence[Verdict]) -> None:
    start = 0
    for submission in group:
        end = start + len(submission.items)
        submission.verdicts = verdicts[start:end]
        start = end
        if not submission.done.done():  # else its sender has gone
            submission.done.set_result(None)


def _refuse(group: Sequence[_Submission], reason: Callable[[], UnavailableError]) -> None:
    for submission in group:
        if not submission.done.done():
            submission.done.set_exception(reason())


def _away() -> UnavailableError:
    return UnavailableError(
        "warehouse_unavailable",
        "the warehouse cannot take events now: nothing was stored, try again",
        2,
    )


def _full() -> UnavailableError:
    return UnavailableError(
        "spool_full",
        "Postgres is away, and no more events can wait for it: nothing was stored, try again",
        5,
    )


def _is_encodable(item: Item) -> bool:
    try:
        msgspec.msgpack.encode(item)
    except UnicodeError:
        return False
    return True


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
