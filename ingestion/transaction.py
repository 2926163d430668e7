"""One landing transaction: ids, events, quarantine and ledger, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import asyncpg
import msgspec

from ingestion.event import COLUMNS, Event
from ingestion.items import Item, Rejected

# The number of the load is drawn first, for the ids carry it; the counts follow from which of the
# ids were new. Ids go in sorted: overlapping groups that do not would deadlock.
_STATEMENT = """
with load as materialized (
    select
        nextval('raw.loads_load_id_seq') as load_id,
        coalesce($5, now()) as received_at,
        (select coalesce(max(erasure_id), 0) from ops.erasures) <= $6::bigint as is_current
),
{given}
new_ids as (
    insert into raw.event_ids (event_id, load_id)
    select given.event_id, load.load_id
    from given, load
    where load.is_current
    order by given.event_id
    on conflict do nothing
    returning event_id
),
{landed}
counted as (
    select count(*) as stored from new_ids
),
ledger as (
    insert into raw.loads (
        load_id, received_at, origin, received, stored, duplicate, quarantined, suppressed,
        first_received_at, last_received_at
    )
    overriding system value
    select
        load.load_id, now(), $1, $2::integer + $3::integer + $4::integer, counted.stored,
        $2::integer - counted.stored, $3::integer, $4::integer,
        case when counted.stored > 0 then load.received_at end,
        case when counted.stored > 0 then load.received_at end
    from load, counted
    where load.is_current
)
select
    load.load_id,
    load.received_at,
    case
        when counted.stored < (select count(*) from given)
            then array(select event_id::text from new_ids)
    end as new_ids,
    load.is_current
from load, counted
"""
# For many events: their ids and the ledger; the events follow by COPY. The ids go as one text, for
# asyncpg looks into each member of an array.
_LEDGER = _STATEMENT.format(
    given="given as materialized (select * from unnest($7::text::uuid[]) as given (event_id)),",
    landed="",
)
# For few events: all in one round trip, which costs less than the several that COPY takes. They go
# as one array of rows: arrays by column would cost Python more than the rest of the landing.
_GIVEN = "given as materialized (select * from unnest($7::raw.landing_event[])),"
_LANDED = """
landed as (
    insert into raw.events (
        event_id, visitor_id, source, category, event_type, user_id, anonymous_id,
        session_id, entity_type, entity_id, value, currency, quantity,
        occurred_at, is_time_corrected, context, properties,
        received_at, load_id
    )
    select
        given.event_id, visitor_id, source, category, event_type, user_id, anonymous_id,
        session_id, entity_type, entity_id, value, currency, quantity,
        coalesce(occurred_at, load.received_at), is_time_corrected, context, properties,
        load.received_at, load.load_id
    from given
    inner join new_ids on given.event_id = new_ids.event_id
    cross join load
),
"""
_WHOLE = _STATEMENT.format(given=_GIVEN, landed=_LANDED)
_FEW_EVENTS = 500
_SUPPRESSIONS = """
insert into raw.suppressions (load_id, source, reason, events)
select $1, given.source, given.reason, given.events
from unnest($2::text[], $3::text[], $4::integer[]) as given (source, reason, events)
"""
_QUARANTINE_COLUMNS = (
    "load_id",
    "received_at",
    "source",
    "event_id",
    "category",
    "event_type",
    "reason",
    "field",
    "message",
    "payload",
    "dialect",
    "event",
    "endpoint",
    "sender",
)
# Class 22: the data is wrong; 23: a constraint refuses it; 54: it is too large or too complex.
_UNSTORABLE_CLASSES = ("22", "23", "54")


class Landed(NamedTuple):
    """What a landing transaction did.

    Attributes:
        load_id: Its row in ``raw.loads``.
        new_ids: The event ids that were not there before.
    """

    load_id: int
    new_ids: set[str]


class ErasuresChangedError(Exception):
    """Nothing landed: a person was erased since the events were held against the erasures."""


async def land(
    connection: asyncpg.Connection,
    items: Sequence[Item],
    *,
    origin: str = "http",
    last_erasure: int = 0,
    received_at: dt.datetime | None = None,
) -> Landed:
    """Land what was received in one transaction.

    Args:
        connection: Of the ingest role.
        items: What was received. Of events with equal ids the first is stored.
        origin: How they came: http, spool or replay.
        last_erasure: Number of the last erasure that the events were held against.
        received_at: When they were received, if not now.

    Raises:
        ErasuresChangedError: There is a later erasure.
        asyncpg.PostgresError: Nothing landed; see :func:`is_unstorable`.
        OSError: Postgres went away. Whether it committed is unknown if it went during the commit.
    """
    events: dict[str, Event] = {}
    rejected: list[Rejected] = []
    suppressed: Counter[tuple[str, str]] = Counter()
    for item in items:
        if isinstance(item, Event):
            events.setdefault(item.event_id, item)
        elif isinstance(item, Rejected):
            rejected.append(item)
        else:
            suppressed[item.source, item.reason.code] += 1
    dropped = suppressed.total()
    valid = len(items) - len(rejected) - dropped
    counts = (origin, valid, len(rejected), dropped, received_at, last_erasure)
    is_whole = 0 < len(events) <= _FEW_EVENTS
    # a single statement is a transaction by itself, and costs two round trips less
    is_single = is_whole and valid == len(items)
    async with nullcontext() if is_single else connection.transaction():
        if is_whole:
            row = await connection.fetchrow(
                _WHOLE, *counts, list(map(msgspec.structs.astuple, events.values()))
            )
        else:
            row = await connection.fetchrow(_LEDGER, *counts, f"{{{','.join(sorted(events))}}}")
        load_id, received_at, new_ids, is_current = row
        if not is_current:
            raise ErasuresChangedError
        new = events.keys() if new_ids is None else new_ids
        if new and not is_whole:
            await connection.copy_records_to_table(
                "events",
                schema_name="raw",
                columns=COLUMNS,
                records=[_event_row(events[one], received_at, load_id) for one in new],
            )
        if rejected:
            await connection.copy_records_to_table(
                "quarantine",
                schema_name="raw",
                columns=_QUARANTINE_COLUMNS,
                records=[_quarantine_row(one, received_at, load_id) for one in rejected],
            )
        if suppressed:
            reasons = [(*key, count) for key, count in suppressed.items()]
            await connection.execute(_SUPPRESSIONS, load_id, *map(list, zip(*reasons, strict=True)))
    for event in events.values():  # for the answers
        event.occurred_at = event.occurred_at or received_at
    return Landed(load_id, set(new))


def is_unstorable(error: Exception) -> bool:
    """Return whether an error is about what the rows hold, so that fewer rows could do better."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "")[:2] in _UNSTORABLE_CLASSES
    return not isinstance(error, asyncpg.InterfaceError)


def _event_row(event: Event, received_at: dt.datetime, load_id: int) -> tuple[object, ...]:
    if event.occurred_at is None:
        event.occurred_at = received_at
    return (*msgspec.structs.astuple(event), received_at, load_id)


def _quarantine_row(item: Rejected, received_at: dt.datetime, load_id: int) -> tuple[object, ...]:
    payload = item.payload.decode("utf-8", "backslashreplace").replace("\x00", "\\u0000")
    return (
        load_id,
        received_at,
        item.source,
        item.event_id,
        item.category,
        item.event_type,
        item.reason.code,
        item.reason.field,
        item.reason.message,
        payload,
        item.dialect,
        item.event.decode("utf-8", "backslashreplace").replace("\x00", "\\u0000") or None,
        item.endpoint,
        item.sender and item.sender.as_json(),
    )
