"""Counts what lands, by hour, type and field, so that the checks never read history in ``raw``.

Each load is counted once, in the transaction that notes it, whatever becomes of it in the pipeline:
the checks ask what arrived, not what was built. Only new loads are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.locks import LockTimeoutError, lock
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

MOST_LOADS = 5_000  # that are looked at in one transaction
MOST_EVENTS = 50_000  # that are counted in one transaction, if one load alone has no more
MOST_EVENTS_OF_A_CALL = 2_000_000
LONGEST_SPAN = timedelta(days=1)  # of receipt: so much of raw is read in one transaction at most
MOST_FIELDS = 200  # of an event type in one transaction; a sender can make names up
MOST_SUBJECTS = 50  # so too of errors

_WAITING = """
select load_id, stored, first_received_at, last_received_at
from raw.loads
where observed_at is null and stored > 0 and load_id > %s
order by load_id
limit %s
for update skip locked
"""
_VISIBLE = """
select load_id, count(*) from raw.events
where received_at >= %(first)s and received_at <= %(last)s and load_id = any(%(loads)s)
group by load_id
"""
_BATCH = r"""
batch as materialized (
    select
        source, category, event_type, user_id, session_id, entity_id, value, currency, quantity,
        date_trunc('hour', occurred_at, 'UTC') as hour,
        (occurred_at at time zone 'UTC')::date as day,
        properties,
        case when category = 'system' and event_type = 'error' then
            left(
                regexp_replace(
                    coalesce(properties ->> 'message', properties ->> 'error_message', ''),
                    '\S+@\S+|[0-9]+', '#', 'g'
                ),
                120
            )
        else '' end as subject
    from raw.events
    where received_at >= %(first)s and received_at <= %(last)s and load_id = any(%(loads)s)
        and (%(events)s::uuid[] is null or event_id = any(%(events)s::uuid[]))
)
"""
_PRESENT = """
present as (
    select batch.day, batch.category, batch.event_type, field.name as field, field.kind
    from batch
    cross join lateral (
        values
            ('*', 'event'),
            ('user_id', case when user_id is not null then 'string' end),
            ('session_id', case when session_id is not null then 'string' end),
            ('entity_id', case when entity_id is not null then 'string' end),
            ('value', case when value is not null then 'number' end),
            ('currency', case when currency is not null then 'string' end),
            ('quantity', case when quantity is not null then 'number' end)
        union all
        select 'properties.' || left(key, 100), jsonb_typeof(value)
        from jsonb_each(batch.properties)
    ) as field (name, kind)
    where field.kind is not null and field.kind <> 'null'
)
"""
_COUNT = f"""
with {_BATCH},
subjects as (
    select source, category, event_type, subject
    from (
        select
            source, category, event_type, subject,
            row_number() over (
                partition by source, category, event_type order by count(*) desc, subject
            ) as position
        from batch
        group by source, category, event_type, subject
    ) as ranked
    where position <= %(most_subjects)s
),
hours as (
    insert into ops.event_hours as known (hour, source, category, event_type, subject, events)
    select
        batch.hour, batch.source, batch.category, batch.event_type,
        coalesce(subjects.subject, 'other') as kept_subject,
        count(*)
    from batch
    left join subjects using (source, category, event_type, subject)
    group by batch.hour, batch.source, batch.category, batch.event_type, kept_subject
    on conflict (hour, source, category, event_type, subject)
    do update set events = known.events + excluded.events
),
{_PRESENT},
counted as (
    select
        day, category, event_type, field, kind, count(*) as events,
        row_number() over (
            partition by day, category, event_type order by count(*) desc, field, kind
        ) as position
    from present
    group by day, category, event_type, field, kind
)
insert into ops.field_days as known (day, category, event_type, field, kind, events)
select day, category, event_type, field, kind, events from counted
where position <= %(most_fields)s
on conflict (day, category, event_type, field, kind)
do update set events = known.events + excluded.events
"""  # noqa: S608 - constants
_FORGET = f"""
with {_BATCH},
{_PRESENT},
gone_hours as (
    select hour, source, category, event_type, subject, count(*) as events
    from batch
    group by hour, source, category, event_type, subject
),
hours as (
    update ops.event_hours as known set events = greatest(known.events - gone.events, 0)
    from gone_hours as gone
    where
        (known.hour, known.source, known.category, known.event_type, known.subject)
        = (gone.hour, gone.source, gone.category, gone.event_type, gone.subject)
),
gone_fields as (
    select day, category, event_type, field, kind, count(*) as events
    from present
    group by day, category, event_type, field, kind
)
update ops.field_days as known set events = greatest(known.events - gone.events, 0)
from gone_fields as gone
where
    (known.day, known.category, known.event_type, known.field, known.kind)
    = (gone.day, gone.category, gone.event_type, gone.field, gone.kind)
"""  # noqa: S608 - constants


def observe_loads(settings: Settings) -> int:
    """Count the events of the loads that have landed since the last time.

    Args:
        settings: Of this process.

    Returns:
        How many events were counted; 0 also where another process is at it.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    dsn = settings.require("transform_dsn")
    observed = 0
    try:
        with lock(dsn, "observations", timeout=0):
            after: int | None = 0
            while after is not None and observed < MOST_EVENTS_OF_A_CALL:
                with connect(dsn, name="footfall observations") as connection:
                    events, after = _observe_some(connection, after)
                observed += events
    except LockTimeoutError:
        pass
    return observed


def forget_events(
    connection: Connection,
    load_id: int,
    first_received_at: datetime,
    last_received_at: datetime,
    event_ids: Sequence[str] | None,
) -> None:
    """Take events out of the counts, which go from ``raw`` in the same transaction.

    Args:
        connection: Of the owner.
        load_id: Their load; one that was never counted is left alone.
        first_received_at: Lowest receipt time of its events.
        last_received_at: Highest receipt time of its events.
        event_ids: Which; all of the load where None.
    """
    is_counted = connection.execute(
        "select observed_at is not null from raw.loads where load_id = %s", (load_id,)
    ).fetchone()
    if is_counted == (True,):
        connection.execute(
            _FORGET,
            {
                "first": first_received_at,
                "last": last_received_at,
                "loads": [load_id],
                "events": event_ids,
            },
        )


def _observe_some(connection: Connection, after: int) -> tuple[int, int | None]:
    """Count the next loads; return how many events, and after which load to go on."""
    waiting = connection.execute(_WAITING, (after, MOST_LOADS)).fetchall()
    if not waiting:
        return 0, None
    chosen: dict[int, int] = {}
    events = 0
    _, _, first, last = waiting[0]
    for load_id, stored, first_received_at, last_received_at in waiting:
        events += stored
        earliest, latest = min(first, first_received_at), max(last, last_received_at)
        if chosen and (events > MOST_EVENTS or latest - earliest > LONGEST_SPAN):
            break
        chosen[load_id] = stored
        first, last = earliest, latest
    span = {"first": first, "last": last}
    loads = _all_visible(connection, chosen, span)
    if not loads:
        return 0, max(chosen)
    connection.execute(
        _COUNT,
        {
            **span,
            "loads": loads,
            "events": None,
            "most_fields": MOST_FIELDS,
            "most_subjects": MOST_SUBJECTS,
        },
    )
    connection.execute(
        "update raw.loads set observed_at = clock_timestamp() where load_id = any(%s)", (loads,)
    )
    return sum(chosen[load_id] for load_id in loads), max(chosen)


def _all_visible(
    connection: Connection, loads: Mapping[int, int], span: Mapping[str, object]
) -> list[int]:
    """Return the loads whose events can all be seen: one may be seen before its events."""
    found: dict[int, int] = dict(
        connection.execute(_VISIBLE, {**span, "loads": list(loads)}).fetchall()
    )
    return [load_id for load_id, size in loads.items() if found.get(load_id) == size]
