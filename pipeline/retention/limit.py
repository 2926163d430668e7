"""How far retention may go: never past an event that has not become part of every mart."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from pipeline.domains import mart_domains
from warehouse.connections import Connection


class Limit(NamedTuple):
    """Where retention has to stop.

    Attributes:
        day: First day of receipt (UTC) that must stay whole.
        reason: What it waits for, for people; empty where it is only that the day is too young.
    """

    day: dt.date
    reason: str


def find_limit(connection: Connection, today: dt.date) -> Limit:
    """Return where retention has to stop.

    Loads that landed, are claimed or held stay, and so do those that a domain of marts has yet to
    follow. The two youngest days always stay: their events may still be on their way.

    Args:
        connection: Of the pipeline.
        today: Day of now, UTC.
    """
    row = connection.execute(
        """
        with published as (
            select coalesce(min(coalesce(progress.core_run_id, 0)), 0) as run_id
            from unnest(%s::text[]) as wanted (domain)
            left join ops.domain_progress as progress on wanted.domain = progress.domain
        )
        select
            min(first_received_at),
            count(*) filter (where state = 'held'),
            count(*) filter (where state not in ('held', 'settled')),
            count(*) filter (where state = 'settled')
        from raw.loads
        where stored > 0 and (state <> 'settled' or run_id > (select run_id from published))
        """,
        (mart_domains(),),
    ).fetchone()
    assert row is not None
    oldest, held, waiting, unpublished = row
    youngest = today - dt.timedelta(days=1)
    if oldest is None or oldest.astimezone(dt.UTC).date() >= youngest:
        return Limit(youngest, "")
    counts = (
        (held, "held (`footfall loads list`)"),
        (waiting, "waiting for a run"),
        (unpublished, "not yet in every domain of marts (`footfall run all`)"),
    )
    reason = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    return Limit(oldest.astimezone(dt.UTC).date(), f"loads that are {reason}")
