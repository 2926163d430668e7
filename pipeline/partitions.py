"""Sees to it that raw events have partitions to go to, and tells where they have not."""

from __future__ import annotations

import datetime as dt

import psycopg

from pipeline.alerts import raise_alert, resolve_alert
from warehouse.connections import Connection
from warehouse.partitions import ensure_partitions

CONDITION = "partitions:raw.events"
LEAST_DAYS_AHEAD = 2
_MISSING = """
select day::date
from generate_series(
    (now() at time zone 'UTC')::date, (now() at time zone 'UTC')::date + %s, interval '1 day'
) as days (day)
where to_regclass('raw.events_' || to_char(day, 'YYYYMMDD')) is null
order by day
"""


def keep_partitions(connection: Connection, *, days_ahead: int) -> list[dt.date]:
    """Make the partitions of the days to come; where that fails, open an alert and go on.

    Events of a day without a partition are not lost: they land in ``raw.events_default``, and move
    when the partition is made.

    Args:
        connection: Of the pipeline, with autocommit.
        days_ahead: How many days after today shall have a partition.

    Returns:
        Days from today to two days ahead that have none.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    reason = ""
    try:
        with connection.transaction():
            ensure_partitions(connection, days_ahead=days_ahead)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        reason = f": {str(error).splitlines()[0]}"
    missing = missing_partitions(connection)
    if missing:
        days = ", ".join(str(day) for day in missing)
        raise_alert(
            connection,
            CONDITION,
            "critical",
            f"raw.events has no partition for {days}; events of these days are slow to read, and "
            f"wait in raw.events_default{reason}",
            {"days": [str(day) for day in missing]},
        )
    else:
        resolve_alert(connection, CONDITION)
    return missing


def missing_partitions(connection: Connection) -> list[dt.date]:
    """Return the days from today to two days ahead for which ``raw.events`` has no partition."""
    rows = connection.execute(_MISSING.encode(), (LEAST_DAYS_AHEAD,)).fetchall()
    return [row[0] for row in rows]
