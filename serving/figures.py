"""What the front page shows: the last days, how fresh they are, and what needs attention."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from serving.daily import DailyAnalytics, days
from serving.database import Database, NotBuiltError

CHART_DAYS = 30
MOST_ALERTS = 20
# Enough to hold the last run of every domain, without reading all that ever ran.
_RECENT_RUNS = 500

_LAST_DAY = "select max(date) as day from marts.daily_analytics"
_LANDING = """
select
    (select received_at from raw.loads order by load_id desc limit 1) as last_received_at,
    coalesce(sum(stored) filter (where state <> 'held'), 0)::bigint as waiting_events,
    coalesce(sum(stored) filter (where state = 'held'), 0)::bigint as held_events
from raw.loads
where state <> 'settled' and stored > 0
"""
_DOMAINS = """
with
recent as (
    select * from ops.runs order by run_id desc limit $1
),
last as (
    select distinct on (domain) domain, state, started_at, finished_at
    from recent
    order by domain, run_id desc
)
select
    domain, last.state, last.started_at, last.finished_at, progress.published_at
from last
full join ops.domain_progress as progress using (domain)
order by domain
"""
_ALERTS = """
select condition, severity, state, summary, opened_at, last_seen_at, occurrences
from ops.alerts
where state <> 'resolved'
order by severity, opened_at desc
limit $1
"""


@dataclass(frozen=True)
class Landing:
    """How far events have come.

    Attributes:
        last_received_at: When the last request with events landed; None: none ever did.
        waiting_events: Stored, and to be built into the marts by the next run.
        held_events: Stored, and held back by a failed quality gate.
    """

    last_received_at: dt.datetime | None
    waiting_events: int
    held_events: int


@dataclass(frozen=True)
class Domain:
    """A domain of marts and its last run.

    Attributes:
        domain: Its name.
        state: State of the last run; None: no recent one.
        started_at: When that run began.
        finished_at: When it ended; None: it has not.
        published_at: When the domain's marts were last replaced; None: never.
    """

    domain: str
    state: str | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    published_at: dt.datetime | None


@dataclass(frozen=True)
class Alert:
    """Something that needs a person's attention."""

    condition: str
    severity: str
    state: str
    summary: str
    opened_at: dt.datetime
    last_seen_at: dt.datetime
    occurrences: int


@dataclass(frozen=True)
class Figures:
    """All that the front page shows of the warehouse.

    Attributes:
        days: The last days of the daily mart, oldest first; empty before its first run.
        landing: How far events have come.
        domains: The domains that have run.
        alerts: The open alerts, the critical ones first.
    """

    days: list[DailyAnalytics]
    landing: Landing
    domains: list[Domain]
    alerts: list[Alert]

    @property
    def chart_start(self) -> dt.date:
        """First day that the chart has room for."""
        return self.days[-1].date - dt.timedelta(days=CHART_DAYS - 1)


async def read_figures(database: Database) -> Figures:
    """Read the figures of the front page.

    Raises:
        DatabaseAwayError: The warehouse does not answer.
        NotBuiltError: The schema of raw and ops is not there.
    """
    [landing] = await database.fetch(_LANDING)
    return Figures(
        days=await _last_days(database),
        landing=Landing(**landing),
        domains=[Domain(**row) for row in await database.fetch(_DOMAINS, _RECENT_RUNS)],
        alerts=[Alert(**row) for row in await database.fetch(_ALERTS, MOST_ALERTS)],
    )


async def _last_days(database: Database) -> list[DailyAnalytics]:
    try:
        [last] = await database.fetch(_LAST_DAY)
        if last["day"] is None:
            return []
        start = last["day"] - dt.timedelta(days=CHART_DAYS - 1)
        return await days(database, start, last["day"], CHART_DAYS)
    except NotBuiltError:
        return []
