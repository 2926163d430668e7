"""Landing a group of events so that no event costs its neighbours theirs."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import asyncpg
import msgspec

from ingestion.erasures import Erasures
from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed
from ingestion.transaction import ErasuresChangedError, is_unstorable, land
from ingestion.verdict import DUPLICATE, QUARANTINED, STORED, SUPPRESSED, Reason, Verdict

logger = logging.getLogger(__name__)

# Of a connection that could not be had or was lost, or of a Postgres that does not take writes.
AWAY_ERRORS = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was lost while asyncpg did not look
)
_CONNECT_SECONDS = 5
_ATTEMPTS_AFTER_DEADLOCK = 5

ALREADY_STORED = Reason(
    "duplicate", "event_id", "an event of this id is stored already: nothing needs to be done"
)
_NOT_STORABLE = Reason(
    "not_storable",
    None,
    "Postgres refused the event, although it passed all checks: please report this",
)
_WITHHELD = b"not storable"


async def connect(dsn: str, *, command_seconds: float = 30) -> asyncpg.Connection:
    """Open a connection for landing.

    Args:
        dsn: URL of the warehouse's database as the ingest role.
        command_seconds: How long a single command may take.

    Raises:
        OSError: Postgres is away, or did not answer in time.
        asyncpg.PostgresError: It refuses the log-in.
    """
    return await asyncpg.connect(
        dsn,
        timeout=_CONNECT_SECONDS,
        command_timeout=command_seconds,
        server_settings={"application_name": "footfall ingestion"},
    )


async def land_group(
    connection: asyncpg.Connection,
    items: Sequence[Item],
    erasures: Erasures,
    *,
    origin: str = "http",
    received_at: dt.datetime | None = None,
) -> list[Verdict]:
    """Land a group in one transaction; where an event is unstorable, find and quarantine it.

    Args:
        connection: Of the ingest role.
        items: What was received.
        erasures: Persons of whom nothing lands.
        origin: How it came: http, spool or replay.
        received_at: When it was received, if not now.

    Returns:
        A verdict for each, in order. What they say is committed.

    Raises:
        OSError: Postgres went away; so too the others of :data:`AWAY_ERRORS`. Whether it
            committed may be unknown.
    """
    try:
        attempts = 0
        while True:
            allowed = erasures.apply(items)
            try:
                landed = await land(
                    connection,
                    allowed,
                    origin=origin,
                    last_erasure=erasures.last,
                    received_at=received_at,
                )
                return judge_landed(allowed, landed.new_ids)
            except ErasuresChangedError:
                await erasures.refresh(connection)
            except asyncpg.DeadlockDetectedError:
                attempts += 1
                if attempts == _ATTEMPTS_AFTER_DEADLOCK:
                    raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, OverflowError) as error:
        if not is_unstorable(error):
            raise
        if len(items) == 1:
            logger.error(
                "an event passed all checks and cannot be stored: %s", type(error).__name__
            )
            parts: list[Sequence[Item]] = [[unstorable(items[0])]]
        else:
            middle = len(items) // 2
            parts = [items[:middle], items[middle:]]
    return [
        verdict
        for part in parts
        for verdict in await land_group(
            connection, part, erasures, origin=origin, received_at=received_at
        )
    ]


def judge_landed(
    items: Sequence[Item], new_ids: set[str], *, reason: Reason | None = None
) -> list[Verdict]:
    """Return the verdicts; of equal ids in one transaction the first is the stored one.

    Args:
        items: What was received.
        new_ids: The event ids that were not there before; used up.
        reason: What there is to say of those that are stored.
    """
    verdicts = []
    for item in items:
        if isinstance(item, Event):
            if item.event_id in new_ids:
                new_ids.remove(item.event_id)
                verdicts.append(Verdict(item.event_id, STORED, reason))
            else:
                verdicts.append(Verdict(item.event_id, DUPLICATE, ALREADY_STORED))
        elif isinstance(item, Rejected):
            verdicts.append(Verdict(item.event_id, QUARANTINED, item.reason))
        else:
            verdicts.append(Verdict(None, SUPPRESSED, item.reason))
    return verdicts


def unstorable(item: Item) -> Rejected:
    """Return an event that cannot be stored, although it passed all checks, as a rejected one.

    Of an event that was rejected before, its id and the reason are left.

    Raises:
        AssertionError: It is not the event that Postgres refuses.
    """
    if isinstance(item, Suppressed):
        raise AssertionError("nothing of a suppressed event is stored")
    if isinstance(item, Rejected):
        if item.payload == _WITHHELD:
            raise AssertionError("nothing is left of it that Postgres could refuse")
        return Rejected(item.source, item.event_id, None, None, item.reason, _WITHHELD)
    try:
        payload = msgspec.json.encode(item)
    except UnicodeError:
        payload = repr(item).encode("utf-8", "backslashreplace")
    return Rejected(
        item.source,
        item.event_id,
        item.category,
        item.event_type,
        _NOT_STORABLE,
        payload,
        user_id=item.user_id,
        anonymous_id=item.anonymous_id,
    )
