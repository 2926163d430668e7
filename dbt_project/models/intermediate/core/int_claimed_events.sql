{{ config(materialized='table', indexes=[{'columns': ['visitor_id', 'occurred_at']}]) }}

with

events as (
    select * from {{ ref('stg_raw__events') }}
),

claimed_loads as (
    select * from {{ ref('stg_raw__loads') }}
    where state = 'admitted' and run_id = {{ var('run_id') }}
),

-- with it, Postgres reads the partitions and blocks that hold the claimed loads, and no others
received as (
    select
        min(first_received_at) as first_received_at,
        max(last_received_at) as last_received_at
    from claimed_loads
),

final as (
    select
        {{ var('run_id') }}::bigint as run_id,
        {{ event_columns('events') }}
    from events
    where
        -- no join: Postgres cannot know how many loads are claimed, and would go through all events
        -- once for each of them
        (events.load_id in (select claimed_loads.load_id from claimed_loads)) is true
        and events.received_at >= (select received.first_received_at from received)
        and events.received_at <= (select received.last_received_at from received)
        -- in a full refresh everything is built anew, whatever was touched
        and {{ not flags.FULL_REFRESH }}
        and {{ came_in_time('events') }}
)

select * from final
