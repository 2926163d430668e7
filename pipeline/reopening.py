"""Which settled loads are opened again, so that a run builds anew what they touch.

Building a load twice is the same as building it once, so that this is how days are rebuilt after a
change, and how a sample is checked: whatever it changes was not what a full refresh would build.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from warehouse.connections import Connection
from warehouse.errors import OperatorError


class Days(NamedTuple):
    """Days from ``first`` to ``last``, both included, in the reporting time zone."""

    first: date
    last: date


class InvalidDaysError(OperatorError):
    """A range of days is none; the message names the field."""


def parse_days(first: str, last: str) -> Days:
    """Return the days that two texts stand for.

    Args:
        first: First day, as ``2024-06-01``.
        last: Last day.

    Raises:
        InvalidDaysError: One is no day, or the last is before the first.

    >>> parse_days("2024-06-01", "2024-06-30").last
    datetime.date(2024, 6, 30)
    """
    days = Days(_day("first_day", first), _day("last_day", last))
    if days.last < days.first:
        raise InvalidDaysError(f"last_day: {last} is before first_day, {first}")
    return days


def loads_of_days(connection: Connection, days: Days, timezone: str) -> list[int]:
    """Return the settled loads that hold events of these days.

    Args:
        connection: Of the pipeline.
        days: On which the events occurred.
        timezone: The reporting time zone.
    """
    # when these days' events were received is known to the core: only those partitions are read
    exists = connection.execute(
        "select to_regclass('intermediate.int_visitor_daily') is not null"
    ).fetchone()
    if exists != (True,):
        return []
    rows = connection.execute(
        """
        with received as (
            select min(first_received_at) as earliest, max(last_received_at) as latest
            from intermediate.int_visitor_daily
            where occurred_date between %(first)s and %(last)s
        )
        select distinct events.load_id
        from raw.events as events
        inner join raw.loads as loads on events.load_id = loads.load_id
        where
            events.received_at >= (select earliest from received)
            and events.received_at <= (select latest from received)
            and (events.occurred_at at time zone %(timezone)s)::date
                between %(first)s and %(last)s
            and loads.state = 'settled'
        order by 1
        """,
        {"first": days.first, "last": days.last, "timezone": timezone},
    ).fetchall()
    return [row[0] for row in rows]


def sample_of_loads(connection: Connection, number: int, most_events: int) -> list[int]:
    """Return settled loads taken at random from the whole history.

    Args:
        connection: Of the pipeline.
        number: How many at most.
        most_events: Larger loads are left out, so that the sample stays small.
    """
    rows = connection.execute(
        "select load_id from raw.loads"
        " where state = 'settled' and stored between 1 and %s order by random() limit %s",
        (most_events, number),
    ).fetchall()
    return sorted(row[0] for row in rows)


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        raise InvalidDaysError(
            f"{field}: {text!r} is no day; write it as year-month-day, such as 2024-06-01"
        ) from None
