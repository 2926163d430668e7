"""Group commit: whatever is queued lands in one transaction, and then all its senders are answered.

There is no artificial delay: the commit that is under way is the time in which the next group
gathers. While Postgres is away, senders get ``UnavailableError`` and keep their events.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence

import asyncpg
import msgspec

from ingestion.answers import RefusedError
from ingestion.erasures import Erasures
from ingestion.items import Item, Rejected, Suppressed
from ingestion.metrics import Metrics
from ingestion.transaction import ErasuresChangedError, Landed, is_unstorable, land
from ingestion.verdict import DUPLICATE, QUARANTINED, STORED, SUPPRESSED, Reason, Verdict

logger = logging.getLogger(__name__)

MAX_GROUP_EVENTS = 5_000
_COMMAND_SECONDS = 30
_CONNECT_SECONDS = 5
_RETRY_SECONDS = 0.1
_ATTEMPTS_AFTER_DEADLOCK = 5


ALREADY_STORED = Reason(
    "duplicate", "event_id", "an event of this id is stored already: nothing needs to be done"
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
        self.verdicts: list[Verdict] = []


class Landing:
    """Takes events from requests, and lands them in groups.

    Attributes:
        queued_events: How many events wait.
        queued_bytes: How many bytes of request bodies wait.
    """

    def __init__(
        self,
        dsn: str,
        *,
        max_queued_events: int,
        max_queued_bytes: int,
        erasures: Erasures,
        metrics: Metrics | None = None,
        writers: int = 1,
    ) -> None:
        """Create it; :meth:`start` sets it going.

        Args:
            dsn: URL of the warehouse's database as the ingest role.
            max_queued_events: Most events that may wait.
            max_queued_bytes: Most bytes of request bodies that may wait.
            erasures: Persons of whom nothing lands.
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

    def start(self) -> None:
        """Start the writers, which connect by themselves, now and after every loss."""
        self._tasks = [asyncio.create_task(self._write()) for _ in range(self._writers)]

    async def drain(self) -> None:
        """Land what is queued, then stop."""
        self._stopping = True
        self._wake.set()
        await asyncio.gather(*self._tasks)

    @property
    def is_full(self) -> bool:
        """Whether a request would have to be sent away, however small."""
        return self._stopping or (bool(self._queue) and not self._has_room(1, 0))

    def _has_room(self, events: int, size: int) -> bool:
        return (
            self.queued_events + events <= self._max_events
            and self.queued_bytes + size <= self._max_bytes
        )

    async def submit(self, items: Sequence[Item], size: int) -> list[Verdict]:
        """Land the events of one request.

        Args:
            items: Events and rejected events, in the order of the request.
            size: Bytes of the request's body.

        Returns:
            A verdict for each, in order. What they say is committed.

        Raises:
            UnavailableError: The queue is full, or Postgres is away. Nothing is acknowledged.
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
                try:
                    if connection is None or connection.is_closed():
                        connection = await connect(self._dsn)
                    await self._land_group(connection, group)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    self._fail(group, error)
                    if connection is not None:
                        connection.terminate()
                        connection = None
                    await asyncio.sleep(_RETRY_SECONDS)
                except Exception as error:
                    # a fault of ours must reach the senders, and not end the writer
                    logger.exception("landing failed")
                    self._fail(group, error)
        finally:
            if connection is not None:
                with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
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

    def _fail(self, group: Sequence[_Submission], error: Exception) -> None:
        logger.error(
            "nothing landed of %d requests: %s %s",
            len(group),
            type(error).__name__,
            getattr(error, "sqlstate", ""),  # its message may quote what people sent
        )
        for submission in group:
            if not submission.done.done():
                submission.done.set_exception(
                    UnavailableError(
                        "warehouse_unavailable",
                        "the warehouse cannot take events now: nothing was stored, try again",
                        2,
                    )
                )

    async def _land_group(
        self, connection: asyncpg.Connection, group: Sequence[_Submission]
    ) -> None:
        items = [item for submission in group for item in submission.items]
        started = time.perf_counter()
        verdicts = iter(await self._land_items(connection, items))
        self._metrics.landed(len(items), time.perf_counter() - started)
        for submission in group:
            submission.verdicts = [next(verdicts) for _ in submission.items]
            if not submission.done.done():  # else its sender has gone
                submission.done.set_result(None)

    async def _land_items(
        self, connection: asyncpg.Connection, items: Sequence[Item]
    ) -> list[Verdict]:
        """Land items in one transaction; where one is unstorable, find and quarantine it."""
        try:
            items, landed = await self._land_retrying(connection, items)
            return _judge(items, landed)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, OverflowError) as error:
            if not is_unstorable(error):
                raise
            if len(items) > 1:
                middle = len(items) // 2
                return [
                    *await self._land_items(connection, items[:middle]),
                    *await self._land_items(connection, items[middle:]),
                ]
            logger.error(
                "an event passed all checks and cannot be stored: %s", type(error).__name__
            )
            return await self._land_items(connection, [_unstorable(items[0])])

    async def _land_retrying(
        self, connection: asyncpg.Connection, items: Sequence[Item]
    ) -> tuple[Sequence[Item], Landed]:
        """Land items, again where others were in the way, and return what was landed of them."""
        attempts = 0
        while True:
            allowed = self._erasures.apply(items)
            try:
                return allowed, await land(connection, allowed, last_erasure=self._erasures.last)
            except ErasuresChangedError:
                await self._erasures.refresh(connection)
            except asyncpg.DeadlockDetectedError:
                attempts += 1
                if attempts == _ATTEMPTS_AFTER_DEADLOCK:
                    raise


async def connect(dsn: str) -> asyncpg.Connection:
    """Open a connection for landing.

    Raises:
        OSError: Postgres is away, or did not answer in time.
        asyncpg.PostgresError: It refuses the log-in.
    """
    return await asyncpg.connect(
        dsn,
        timeout=_CONNECT_SECONDS,
        command_timeout=_COMMAND_SECONDS,
        server_settings={"application_name": "footfall ingestion"},
    )


def _judge(items: Sequence[Item], landed: Landed) -> list[Verdict]:
    """Return the verdicts; of equal ids in one transaction the first is the stored one."""
    unclaimed = landed.new_ids
    verdicts = []
    for item in items:
        if isinstance(item, Rejected):
            verdicts.append(Verdict(item.event_id, QUARANTINED, item.reason))
        elif isinstance(item, Suppressed):
            verdicts.append(Verdict(None, SUPPRESSED, item.reason))
        elif item.event_id in unclaimed:
            unclaimed.remove(item.event_id)
            verdicts.append(Verdict(item.event_id, STORED))
        else:
            verdicts.append(Verdict(item.event_id, DUPLICATE, ALREADY_STORED))
    return verdicts


def _unstorable(item: Item) -> Rejected:
    """Return an event that Postgres refused, although it passed all checks, as a rejected one."""
    if isinstance(item, Suppressed):
        raise AssertionError("nothing of a suppressed event is stored")
    if isinstance(item, Rejected):
        return Rejected(item.source, item.event_id, None, None, item.reason, b"not storable")
    return Rejected(
        item.source,
        item.event_id,
        item.category,
        item.event_type,
        Reason(
            "not_storable",
            None,
            "Postgres refused the event, although it passed all checks: please report this",
        ),
        msgspec.json.encode(item),
        user_id=item.user_id,
        anonymous_id=item.anonymous_id,
    )
