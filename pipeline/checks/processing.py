"""Whether what has landed is built in time, and whether the marts say the same as raw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.checks.findings import Check, Finding
from pipeline.domains import mart_domains
from warehouse.connections import Connection
from warehouse.settings import Settings

DAYS_COMPARED = 7

_WAITING = """
select count(*), coalesce(sum(stored), 0), min(received_at)
from raw.loads
where state <> 'settled' and stored > 0 and state <> 'held' and received_at < %s
"""
_LATE = """
select known.domain, min(runs.finished_at)
from unnest(%(domains)s::text[]) as known (domain)
left join ops.domain_progress as progress on known.domain = progress.domain
inner join ops.runs as runs
    on runs.domain = 'core' and runs.state = 'succeeded'
    and runs.run_id > coalesce(progress.core_run_id, 0)
group by known.domain
having min(runs.finished_at) < %(before)s
order by known.domain
"""
# Of a day no fewer events may be published than have landed and are built, and no more than have
# landed. All is one statement, so that it sees one moment.
_COMPARED = """
with pending as (
    select
        coalesce((
            select sum(stored) from raw.loads
            where state <> 'settled' and stored > 0 and observed_at is not null
        ), 0)
        + coalesce((
            select sum(events) from ops.runs
            where domain = 'core' and state = 'succeeded' and run_id > (
                select coalesce(max(core_run_id), 0) from ops.domain_progress
                where domain = 'daily'
            )
        ), 0) as events
),
unobserved as (
    select coalesce(sum(stored), 0) as events from raw.loads
    where observed_at is null and stored > 0
),
landed as (
    select (hour at time zone %(zone)s)::date as date, sum(events) as events
    from ops.event_hours
    where hour >= %(since)s and hour < %(until)s
    group by date
)
select
    landed.date,
    landed.events,
    coalesce(mart.events, 0),
    coalesce(mart.events, 0) >= landed.events - pending.events
    and coalesce(mart.events, 0) <= landed.events + unobserved.events
from landed
left join marts.daily_analytics as mart on landed.date = mart.date
cross join pending
cross join unobserved
order by landed.date
"""


def loads_waiting(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Find events that have waited for too long to be built; held ones have their own alert."""
    longest = timedelta(minutes=settings.alert_late_minutes)
    row = connection.execute(_WAITING, (now - longest,)).fetchone()
    assert row is not None
    loads, events, since = row
    if loads:
        yield Finding(
            "loads_waiting",
            "critical",
            f"{events:,} events of {loads:,} loads have waited since {since:%Y-%m-%d %H:%M} UTC; "
            f"they should be built within {settings.alert_late_minutes:,} minutes",
        )


def marts_late(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Find domains that have not followed the core for too long."""
    before = now - timedelta(minutes=settings.alert_late_minutes)
    for domain, since in connection.execute(
        _LATE, {"domains": mart_domains(), "before": before}
    ).fetchall():
        yield Finding(
            f"marts_late:{domain}",
            "critical",
            f"the marts of {domain} lack what was built at {since:%Y-%m-%d %H:%M} UTC and since",
        )


def metrics_accuracy(
    connection: Connection, settings: Settings, now: datetime
) -> Iterator[Finding]:
    """Find days whose events in the marts are not those that have landed."""
    wrong = [day for day in compare_days(connection, settings, now) if not day.is_right]
    if wrong:
        first, *others = wrong
        yield Finding(
            "metrics_accuracy",
            "critical",
            f"of {first.date} {first.published:,} events are published, and {first.landed:,} have "
            "landed" + (f"; so too {len(others)} more days" if others else ""),
            {str(day.date): {"landed": day.landed, "published": day.published} for day in wrong},
        )


class ComparedDay(NamedTuple):
    """A day's events in the marts, and those that have landed.

    Attributes:
        date: In the reporting time zone.
        landed: Events that have landed.
        published: Events that ``marts.daily_analytics`` shows.
        is_right: Whether no more differ than are under way.
    """

    date: date
    landed: int
    published: int
    is_right: bool


def compare_days(
    connection: Connection, settings: Settings, now: datetime
) -> Sequence[ComparedDay]:
    """Return the last seven full days; none where there are no marts yet.

    Args:
        connection: Of the pipeline.
        settings: Of this process.
        now: The moment that is looked at.
    """
    zone = ZoneInfo(settings.reporting_timezone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS_COMPARED)
    exists = connection.execute("select to_regclass('marts.daily_analytics') is not null")
    if exists.fetchone() != (True,) or since.astimezone(UTC).minute:
        return ()  # hours are those of UTC: where days begin within one, they cannot be told apart
    rows = connection.execute(
        _COMPARED, {"zone": settings.reporting_timezone, "since": since, "until": today}
    ).fetchall()
    return [ComparedDay(day, int(landed), int(shown), right) for day, landed, shown, right in rows]


CHECKS = (
    Check("loads_waiting", loads_waiting),
    Check("marts_late", marts_late),
    Check("metrics_accuracy", metrics_accuracy),
)
