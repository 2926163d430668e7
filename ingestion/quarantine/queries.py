"""The SQL on ``raw.quarantine``. Where a selection is meant, its values come first."""

# ruff: noqa: S608 - put together from constants

from __future__ import annotations

from ingestion.quarantine.selection import CONDITION, VALUES

COUNT = f"select count(*) from raw.quarantine where {CONDITION}"
GROUPS = f"""
with alike as (
    select
        source, category, event_type, reason, field,
        count(*) as events,
        min(received_at) as first_received_at,
        max(received_at) as last_received_at,
        max(quarantine_id) as example_id
    from raw.quarantine
    where {CONDITION}
    group by source, category, event_type, reason, field
    order by events desc, last_received_at desc, example_id desc
    limit ${VALUES + 1}
)
select alike.*, example.message
from alike
inner join raw.quarantine as example on alike.example_id = example.quarantine_id
order by events desc, last_received_at desc, example_id desc
"""
_COLUMNS = (
    "quarantine_id, load_id, received_at, source, event_id::text, category, event_type, reason, "
    "field, message, payload, dialect, event, endpoint, sender, state, settled_at, replay_load_id"
)
NEWEST = f"""
select {_COLUMNS}
from raw.quarantine
where {CONDITION}
order by quarantine_id desc
limit ${VALUES + 1}
"""
BY_ID = f"""
select {_COLUMNS}
from raw.quarantine
where quarantine_id = any($1)
order by quarantine_id
"""
LAST_ID = "select coalesce(max(quarantine_id), 0) from raw.quarantine"
# The size is known without reading what is stored out of line.
NEXT_IDS = f"""
select quarantine_id from (
    select
        quarantine_id,
        sum(octet_length(payload)) over (order by quarantine_id) as bytes,
        row_number() over (order by quarantine_id) as position
    from (
        select quarantine_id, payload
        from raw.quarantine
        where {CONDITION} and quarantine_id > ${VALUES + 1} and quarantine_id <= ${VALUES + 2}
        order by quarantine_id
        limit ${VALUES + 3}
    ) as candidates
) as sized
where bytes <= ${VALUES + 4} or position = 1
order by quarantine_id
"""
LOCKED = f"""
select {_COLUMNS}
from raw.quarantine
where quarantine_id = any($1) and ($2::text is null or state = $2)
order by quarantine_id
for update
"""
DISCARD = f"""
update raw.quarantine set state = 'discarded', settled_at = now()
where quarantine_id in (
    select quarantine_id from raw.quarantine where {CONDITION}
    order by quarantine_id
    limit ${VALUES + 1}
    for update
)
"""
KNOWN_IDS = "select event_id::text from raw.event_ids where event_id = any($1::uuid[])"
SETTLE = """
update raw.quarantine set state = 'replayed', settled_at = now(), replay_load_id = $2
where quarantine_id = any($1)
"""
# A trace of what must not be kept would be one.
SETTLE_WITHOUT_TRACE = """
update raw.quarantine as entry
set
    state = 'replayed',
    settled_at = now(),
    replay_load_id = $2,
    reason = given.reason,
    message = given.message,
    field = null,
    event_id = null,
    payload = '',
    event = null,
    endpoint = null,
    sender = null
from unnest($1::bigint[], $3::text[], $4::text[]) as given (quarantine_id, reason, message)
where entry.quarantine_id = given.quarantine_id
"""
REFRESH = """
update raw.quarantine as entry
set
    reason = given.reason,
    field = given.field,
    message = given.message,
    category = coalesce(entry.category, given.category),
    event_type = coalesce(entry.event_type, given.event_type),
    event = coalesce(entry.event, nullif(given.event, ''))
from
    unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
        as given (quarantine_id, reason, field, message, category, event_type, event)
where entry.quarantine_id = given.quarantine_id
"""
CORRECT = """
update raw.quarantine as entry
set
    event = given.event,
    event_id = given.event_id,
    category = given.category,
    event_type = given.event_type,
    reason = coalesce(given.reason, entry.reason),
    field = case when given.reason is null then entry.field else given.field end,
    message = coalesce(given.message, entry.message)
from
    unnest(
        $1::bigint[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[]
    )
        as given (quarantine_id, event, event_id, category, event_type, reason, field, message)
where entry.quarantine_id = given.quarantine_id
"""
