"""What the core keeps of events that go: their aggregates, which from then on stay as they are.

A grain, such as a visitor's day, that has lost an event cannot be computed again. The tables
``intermediate.int_retired_*`` name such grains, one for each ``int_touched_*`` of the dbt project;
incremental runs and full refreshes leave their rows as they are (``macros/retired.sql``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pipeline.retention.rules import EventClass
from warehouse.connections import Connection

_TABLES = """
create table if not exists intermediate.int_retired_visitor_days (
    visitor_id text not null,
    occurred_date date not null,
    last_load_id bigint not null,
    primary key (visitor_id, occurred_date)
);
create table if not exists intermediate.int_retired_entity_days (
    entity_type text not null,
    entity_id text not null,
    occurred_date date not null,
    primary key (entity_type, entity_id, occurred_date)
);
create table if not exists intermediate.int_retired_device_days (
    device_id text not null,
    occurred_date date not null,
    primary key (device_id, occurred_date)
);
create table if not exists intermediate.int_retired_sessions (
    visitor_id text not null,
    stream text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    started_date date not null,
    primary key (visitor_id, stream, started_at)
);
"""
_GOING = """
create temporary table going (
    visitor_id text, occurred_at timestamptz, event_id uuid, occurred_date date, category text,
    entity_type text, entity_id text, stream text, device_id text, sent_as text
) on commit drop
"""
# The core may count an event for another visitor than raw, so that both are read by day of receipt.
_FIND = """
insert into going
select
    events.visitor_id,
    events.occurred_at,
    events.event_id,
    events.occurred_date,
    events.category,
    events.entity_type,
    events.entity_id,
    coalesce(events.session_id, '') as stream,
    case when events.is_user and not events.is_stitched then events.device_id end as device_id,
    case when events.is_stitched then events.device_id else events.visitor_id end as sent_as
from intermediate.int_events as events
where
    events.received_at >= %(day)s::timestamp at time zone 'UTC'
    and events.received_at < (%(day)s + 1)::timestamp at time zone 'UTC'
    and events.load_id = any(%(load_ids)s)
    and events.event_id in (
        select event_id
        from raw.events
        where
            received_at >= %(day)s::timestamp at time zone 'UTC'
            and received_at < (%(day)s + 1)::timestamp at time zone 'UTC'
            and load_id = any(%(load_ids)s)
            and (source, category, event_type) in (
                select * from unnest(%(sources)s::text[], %(categories)s::text[], %(types)s::text[])
            )
    )
"""
_RETIRE = (
    # what lands for such a day from now on is of a higher load, and is not counted
    """
    insert into intermediate.int_retired_visitor_days
    select visitor_id, occurred_date, (select max(load_id) from raw.loads where state = 'settled')
    from (
        select visitor_id, occurred_date from going
        union
        select sent_as, occurred_date from going
    ) as days
    on conflict do nothing
    """,
    """
    insert into intermediate.int_retired_entity_days
    select distinct coalesce(entity_type, ''), entity_id, occurred_date from going
    where entity_id is not null
    on conflict do nothing
    """,
    # who was known on a device that day
    """
    insert into intermediate.int_retired_device_days
    select distinct device_id, occurred_date from going
    where device_id is not null
    on conflict do nothing
    """,
    # telemetry of machines is in no session
    """
    insert into intermediate.int_retired_sessions
    select distinct
        sessions.visitor_id, sessions.stream, sessions.started_at, sessions.ended_at,
        sessions.started_date
    from going
    inner join intermediate.int_sessions as sessions
        on
            going.visitor_id = sessions.visitor_id
            and going.stream = sessions.stream
            and going.occurred_at >= sessions.started_at
            and going.occurred_at <= sessions.ended_at
    where going.category <> 'system'
    on conflict do nothing
    """,
    # macros/key_events.sql of the dbt project says which events marts follow over all time
    """
    delete from intermediate.int_events
    where
        not is_key_event
        and (visitor_id, occurred_at, event_id) in (
            select visitor_id, occurred_at, event_id from going
        )
    """,
)


def classes_as_arrays(classes: Sequence[EventClass]) -> dict[str, list[str]]:
    """Return classes of events as one array for each of their columns."""
    return {
        "sources": [one.source for one in classes],
        "categories": [one.category for one in classes],
        "types": [one.event_type for one in classes],
    }


def prepare_grains(connection: Connection) -> None:
    """Create the tables that name retired grains, where they are missing."""
    connection.execute(_TABLES.encode())


def retire_grains(
    connection: Connection,
    day: dt.date,
    load_ids: Sequence[int],
    classes: Sequence[EventClass],
) -> None:
    """Take events that go out of the core, and note which grains they leave as they are.

    Doing it again changes nothing, so that what was cut short can simply be done anew.

    Args:
        connection: Of the pipeline, in a transaction, under the core's lock.
        day: Day of receipt, UTC.
        load_ids: Their loads.
        classes: Their classes.
    """
    connection.execute(_GOING.encode())
    connection.execute(
        _FIND.encode(),
        {"day": day, "load_ids": list(load_ids), **classes_as_arrays(classes)},
    )
    for statement in _RETIRE:
        connection.execute(statement.encode())
