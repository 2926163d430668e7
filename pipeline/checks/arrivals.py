"""Whether what comes in is as much as usual, can be stored, and can be found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.checks.findings import Check, Finding
from warehouse.connections import Connection
from warehouse.settings import Settings

ERROR_WINDOW = timedelta(minutes=15)
FEWEST_RECEIVED = 20  # of fewer, a share says little
FEWEST_THE_DAY_BEFORE = 100  # half of it is then five standard deviations away
VISIBLE_WITHIN = timedelta(minutes=10)
MOST_LOADS_LOOKED_FOR = 200  # those that landed first

_QUARANTINED = """
with recent as (
    select coalesce(sum(received), 0) as received, coalesce(sum(quarantined), 0) as quarantined
    from raw.loads
    where received_at > %(since)s and received_at <= %(now)s and origin <> 'replay'
),
reasons as (
    select source || ': ' || reason as what, count(*) as events
    from raw.quarantine
    where received_at > %(since)s and received_at <= %(now)s
    group by what order by events desc, what limit 5
)
select received, quarantined, (select coalesce(json_object_agg(what, events), '{}') from reasons)
from recent
"""
# The hour where it has enough events to tell, else the day; a quiet weekday is told from a fault by
# the week before.
_DROPPED = """
with hours as (
    select (extract(epoch from %(hour)s - hour) / 3600)::int as age, sum(events) as events
    from ops.event_hours
    where hour > %(hour)s - interval '9 days' and hour <= %(hour)s
    group by hour
),
sums as (
    select
        coalesce(sum(events) filter (where age = 0), 0) as hour,
        coalesce(sum(events) filter (where age = 24), 0) as hour_before,
        coalesce(sum(events) filter (where age = 168), 0) as hour_of_week_before,
        coalesce(sum(events) filter (where age < 24), 0) as day,
        coalesce(sum(events) filter (where age >= 24 and age < 48), 0) as day_before,
        coalesce(sum(events) filter (where age >= 168 and age < 192), 0) as day_of_week_before
    from hours
)
select 'hour', hour, hour_before, hour_of_week_before from sums where hour_before >= %(fewest)s
union all
select 'day', day, day_before, day_of_week_before from sums
where hour_before < %(fewest)s and day_before >= %(fewest)s
"""
# What was observed could be seen; of the rest each load is looked for where it was received.
_INVISIBLE = """
select count(*), coalesce(sum(stored), 0), (array_agg(load_id order by load_id))[:20]
from (
    select load_id, stored, first_received_at, last_received_at
    from raw.loads
    where observed_at is null and stored > 0 and received_at < %s
    order by load_id
    limit %s
) as unseen
cross join lateral (
    select count(*) as events
    from raw.events
    where
        events.received_at >= unseen.first_received_at
        and events.received_at <= unseen.last_received_at
        and events.load_id = unseen.load_id
) as visible
where visible.events <> unseen.stored
"""


def error_rate(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Find that many events go into quarantine."""
    row = connection.execute(_QUARANTINED, {"since": now - ERROR_WINDOW, "now": now}).fetchone()
    assert row is not None
    received, quarantined, reasons = row
    if received < FEWEST_RECEIVED:
        return
    percent = 100 * quarantined / received
    if percent > settings.alert_error_percent:
        yield Finding(
            "error_rate",
            "critical",
            f"{quarantined:,} of {received:,} events of the last 15 minutes ({percent:.0f} %) "
            f"went into quarantine; at most {settings.alert_error_percent:g} % should",
            {"reasons": reasons},
        )


def events_dropped(connection: Connection, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Find that events are down against the same time the day before."""
    # what happened in the last minutes may still be on its way
    ended = (now - timedelta(minutes=5)).replace(minute=0, second=0, microsecond=0)
    hour = ended - timedelta(hours=1)
    row = connection.execute(_DROPPED, {"hour": hour, "fewest": FEWEST_THE_DAY_BEFORE}).fetchone()
    if row is None:
        return
    window, (events, before, week_before) = row[0], map(int, row[1:])
    kept = 1 - settings.alert_drop_percent / 100
    if events < kept * before and (week_before == 0 or events < kept * week_before):
        yield Finding(
            "events_dropped",
            "critical",
            f"{events:,} events in the last full {window}, {100 - 100 * events / before:.1f} % "
            f"fewer than the {before:,} of the same time the day before",
            {
                "events": events,
                "day_before": before,
                "week_before": week_before,
                "window": window,
                "until": ended.isoformat(),
            },
        )


def missing_records(connection: Connection, _: Settings, now: datetime) -> Iterator[Finding]:
    """Find loads whose events cannot all be seen, long after they landed."""
    row = connection.execute(_INVISIBLE, (now - VISIBLE_WITHIN, MOST_LOADS_LOOKED_FOR)).fetchone()
    assert row is not None
    loads, events, examples = row
    if loads:
        yield Finding(
            "missing_records",
            "critical",
            f"of {loads:,} loads with {events:,} events not all events can be found",
            {"loads": examples},
        )


CHECKS = (
    Check("error_rate", error_rate),
    Check("events_dropped", events_dropped),
    Check("missing_records", missing_records),
)
