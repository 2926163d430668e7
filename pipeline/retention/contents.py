"""What each past day of raw events holds, remembered so that no day is read twice for it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from pipeline.retention.rules import EventClass
from warehouse.connections import Connection

_DAYS = """
select to_date(right(relname, 8), 'YYYYMMDD') as day
from pg_inherits inner join pg_class on pg_class.oid = inhrelid
where inhparent = 'raw.events'::regclass and relname ~ '^events_[0-9]{8}$'
union
select distinct (received_at at time zone 'UTC')::date from raw.events_default
"""
# A spool lands events on the day on which they were received, which may be long past.
_LANDED_SINCE = """
select distinct generate_series(
    date_trunc('day', first_received_at, 'UTC'), last_received_at, interval '1 day'
)::date
from raw.loads
where stored > 0 and received_at > (select max(looked_at) - interval '1 hour' from ops.raw_contents)
"""
_LOOK = """
with counted as (
    select source, category, event_type, count(*) as events
    from raw.events
    where
        received_at >= %(day)s::timestamp at time zone 'UTC'
        and received_at < (%(day)s + 1)::timestamp at time zone 'UTC'
    group by source, category, event_type
)
select
    source, category, event_type, events,
    (
        coalesce(pg_total_relation_size(to_regclass(%(partition)s)), 0)
        * events / sum(events) over ()
    )::bigint
from counted
"""


class Held(NamedTuple):
    """What a day holds of a class of events.

    Attributes:
        events: How many.
        size: Bytes on disk, as a share of the day's partition.
    """

    events: int
    size: int


Contents = dict[EventClass, Held]


def partition_days(connection: Connection) -> list[dt.date]:
    """Return the days of receipt that have raw events or a partition for them, oldest first."""
    return sorted(row[0] for row in connection.execute(_DAYS.encode()).fetchall())


def contents_before(
    connection: Connection, day: dt.date, *, remember: bool
) -> dict[dt.date, Contents]:
    """Return what the days before a day hold; a day that is known is not read again.

    Args:
        connection: Of the pipeline.
        day: First day of receipt, UTC, that is left out.
        remember: Whether to write down what had to be read.
    """
    days = [one for one in partition_days(connection) if one < day]
    known: dict[dt.date, Contents] = {}
    rows = connection.execute(
        "select day, source, category, event_type, events, bytes from ops.raw_contents"
    ).fetchall()
    for row in rows:
        known.setdefault(row[0], {})[EventClass(*row[1:4])] = Held(*row[4:])
    for (stale,) in connection.execute(_LANDED_SINCE.encode()).fetchall():
        known.pop(stale, None)
    found = {}
    for one in days:
        found[one] = known[one] if one in known else look(connection, one, remember=remember)
    return found


def look(connection: Connection, day: dt.date, *, remember: bool) -> Contents:
    """Read what a day holds.

    Args:
        connection: Of the pipeline.
        day: Day of receipt, UTC.
        remember: Whether to write it down.
    """
    with connection.transaction():
        looked_at = connection.execute("select now()").fetchone()
        assert looked_at is not None
        rows = connection.execute(
            _LOOK.encode(), {"day": day, "partition": f"raw.events_{day:%Y%m%d}"}
        ).fetchall()
        if remember:
            forget_contents(connection, day)
            with connection.cursor() as cursor:
                cursor.executemany(
                    "insert into ops.raw_contents values (%s, %s, %s, %s, %s, %s, %s)",
                    [(day, *row, *looked_at) for row in rows],
                )
    return {EventClass(*row[:3]): Held(*row[3:]) for row in rows}


def forget_contents(connection: Connection, day: dt.date) -> None:
    """Forget what a day holds, because that has changed."""
    connection.execute("delete from ops.raw_contents where day = %s", (day,))
