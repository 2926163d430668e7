"""The SQL that finds what is amiss against the last weeks; ``{batch}`` stands for the history."""

from __future__ import annotations

FEWEST_EVENTS_OF_WEEKS = 1_000  # before that, nothing can be said of shares
FEWEST_DAYS = 7
FEWEST_AN_HOUR = 40  # in the quietest of the last weeks, for an hour to be judged by itself
FEWEST_A_DAY = 5
DEVIATIONS = 4  # of a kind's share of the day's events, scaled by how it spread in the last weeks
EXPECTED_TO_MISS = 15  # none of so many: e^-15, however random
FEWEST_OF_A_DAY = 50
FEWEST_OF_WEEKS = 200
DRIFT = 0.25  # change of the share of events that have a field

# By hours before now: 0 is the last full one, 168 that of a week ago.
WEEKS = """
with hours as (
    select
        source,
        (extract(epoch from [hour] - hour) / 3600)::int - 1 as age,
        sum(events) as events
    from {batch} as history
    where hour < [hour]
    group by source, age
),
spans as (
    select source, week
    from (select source, max(age) as oldest from hours group by source) as sources
    cross join generate_series(0, 4) as week
    where week = 0 or oldest >= 168 * week + 2
),
sums as (
    select
        spans.source,
        spans.week,
        coalesce(sum(events) filter (where age = 168 * week), 0) as hour,
        coalesce(sum(events), 0) as three_hours
    from spans
    left join hours
        on spans.source = hours.source and age between 168 * week and 168 * week + 2
    group by spans.source, spans.week
),
compared as (
    select
        source,
        max(hour) filter (where week = 0) as hour,
        max(three_hours) filter (where week = 0) as three_hours,
        min(hour) filter (where week > 0) as least,
        max(hour) filter (where week > 0) as most,
        min(three_hours) filter (where week > 0) as least_of_three
    from sums
    group by source
    having count(*) >= 3
),
by_day as (
    select source, age / 24 as day, sum(events) as events
    from hours
    where age < 192
    group by source, day
)
"""
QUIET = f"""
select source as subject, 'nothing came from ' || source || ' in the last ' || span
    || '; at this time of the last weeks there were at least ' || usual || ' events' as finding
from (
    select source, 'hour' as span, least as usual from compared
    where hour = 0 and least >= {FEWEST_AN_HOUR} and three_hours > 0
    union all
    select source, '3 hours', least_of_three from compared
    where three_hours = 0 and least_of_three >= {FEWEST_AN_HOUR}
    union all
    select source, '24 hours', min(events) from by_day
    where source not in (
        select source from compared where three_hours = 0 and least_of_three >= {FEWEST_AN_HOUR}
    )
    group by source
    having count(*) filter (where day between 1 and 7) = 7
        and count(*) filter (where day = 0) = 0
        and min(events) >= {FEWEST_A_DAY}
) as quiet
"""  # noqa: S608 - numbers of this module
VOLUME = f"""
select source as subject, hour || ' events came from ' || source
    || ' in the last full hour; in the same hour of the last weeks ' || least || ' to ' || most
    as finding
from compared
where least >= {FEWEST_AN_HOUR} and hour > 0 and (hour < 0.5 * least or hour > 2 * most)
"""  # noqa: S608 - numbers of this module
# By days of 24 hours before now: 0 is the last.
DAYS = """
with days as (
    select
        source,
        category || '/' || event_type as type,
        subject as about,
        ceil(extract(epoch from [hour] - hour) / 86400)::int - 1 as age,
        sum(events)::float as events
    from {batch} as history
    where hour < [hour]
    group by source, type, about, age
)
"""
# Of sources that still send: one that is quiet is told of by itself.
STOPPED = f"""
, sending as (
    select days.* from days
    where source in (select source from days where age = 0) and age <= 28
),
totals as (
    select
        sum(events) filter (where age = 0) as now,
        sum(events) filter (where age > 0) as before,
        count(distinct age) filter (where age > 0) as days
    from sending
),
types as (
    select
        type,
        coalesce(sum(events) filter (where age = 0), 0) as now,
        coalesce(sum(events) filter (where age > 0), 0) as before
    from sending
    group by type
)
select type as subject, 'no ' || type || ' in the last 24 hours; by the last 28 days there should '
    || 'be about ' || round(types.before / totals.before * totals.now) as finding
from types
cross join totals
where types.now = 0 and totals.days >= {FEWEST_DAYS}
    and types.before / totals.before * totals.now >= {EXPECTED_TO_MISS}
"""  # noqa: S608 - numbers of this module
# What has stopped is told of by itself, and fewer errors are no worry.
# The week just past is no part of what is usual: an incident shall not become so while it lasts.
UNUSUAL = f"""
, kinds as (
    select
        type || case when about <> '' then ': ' || about else '' end as kind,
        age,
        sum(events) as events
    from days
    group by kind, age
),
totals as (
    select age, sum(events) as events from kinds group by age
),
usual as (
    select sum(events) as events, count(*) as days from totals where age between 7 and 34
),
shares as (
    select
        kinds.kind,
        coalesce(sum(kinds.events) filter (where age = 0), 0) as now,
        coalesce(sum(kinds.events) filter (where age between 7 and 34), 0) as before,
        coalesce(sum(kinds.events) filter (where age between 7 and 34), 0) / max(usual.events)
            as share
    from kinds
    cross join usual
    where usual.events >= {FEWEST_EVENTS_OF_WEEKS} and usual.days >= {FEWEST_DAYS}
    group by kinds.kind
),
spreads as (
    select
        shares.kind,
        avg(
            power(coalesce(kinds.events, 0) - totals.events * share, 2)
            / greatest(totals.events * share * (1 - share), 1e-9)
        ) as spread
    from shares
    cross join totals
    left join kinds on shares.kind = kinds.kind and totals.age = kinds.age
    where totals.age between 7 and 34
    group by shares.kind
),
judged as (
    select
        shares.kind,
        shares.now,
        shares.before,
        today.events as total,
        share * today.events as expected,
        (shares.now - share * today.events) / sqrt(
            greatest(spread, 1)
            * (share * (1 - share) * (today.events + power(today.events, 2) / usual.events) + 1)
        ) as deviation
    from shares
    inner join spreads on shares.kind = spreads.kind
    cross join usual
    inner join totals as today on today.age = 0
)
select kind as subject, now || ' ' || kind || ' in the last 24 hours; '
    || case
        when before = 0 then 'there were none in the 4 weeks that ended a week ago'
        else 'by the 4 weeks that ended a week ago there should be about '
            || round(expected::numeric, 1)
    end as finding
from judged
where now > 0 and (
    (before = 0 and now >= greatest(3, total / 1000))
    or (
        before > 0
        and abs(deviation) >= {DEVIATIONS}
        and abs(now - expected) >= greatest(5, 0.5 * expected)
        and (now > expected or not starts_with(kind, 'system/error'))
    )
)
"""  # noqa: S608 - numbers of this module
DRIFTED = f"""
with counts as (
    select *, category || '/' || event_type as type from {{batch}} as history
),
totals as (
    select type, day, events from counts where field = '*'
),
newest as (
    select distinct on (type) type, day, events from totals
    where day >= [day] - 1 and events >= {FEWEST_OF_A_DAY}
    order by type, day desc
),
usual as (
    select type, sum(events)::float as events from totals
    where day between [day] - 15 and [day] - 2
    group by type
    having sum(events) >= {FEWEST_OF_WEEKS}
),
kinds as (
    select
        counts.type,
        counts.field,
        counts.kind,
        coalesce(sum(counts.events) filter (where counts.day = newest.day), 0)
            / max(newest.events)::float as now,
        coalesce(sum(counts.events) filter (where counts.day between [day] - 15 and [day] - 2), 0)
            / max(usual.events) as before
    from counts
    inner join newest on counts.type = newest.type
    inner join usual on counts.type = usual.type
    where counts.field <> '*'
    group by counts.type, counts.field, counts.kind
),
fields as (
    select type, field, sum(now) as now, sum(before) as before
    from kinds
    group by type, field
),
drifts as (
    select type, field || ' is in ' || round(100 * now) || ' of 100 events, and was in '
        || round(100 * before) as drift
    from fields
    where abs(now - before) >= {DRIFT}
    union all
    select kinds.type, kinds.field || ' is now also ' || kinds.kind
    from kinds
    inner join fields on kinds.type = fields.type and kinds.field = fields.field
    where kinds.now >= 0.05 and kinds.before < 0.001 and fields.before >= 0.01
)
select type as subject, type || ': ' || string_agg(drift, '; ' order by drift) as finding
from drifts
group by type
"""  # noqa: S608 - numbers of this module
