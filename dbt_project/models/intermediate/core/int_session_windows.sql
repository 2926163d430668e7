{#-
  Where sessions have to be formed anew: around the claimed events, out to the borders of the
  existing sessions that they reach. An event outside of a window is further than the timeout from
  every event inside, so that sessions formed inside are those of a full refresh. Kept until the run
  has succeeded: what a failed one had begun to form anew, the next one has to.
-#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['run_id']}],
) }}

{%- set timeout = session_timeout() -%}
{%- set sessions = existing_relation('int_sessions') -%}

with

-- an event that turns out to be another's leaves one session and joins another
changed as (
    select
        unnest(array[visitor_id, previous_visitor_id]) as visitor_id,
        session_id,
        occurred_at
    from {{ ref('int_stitched_events') }}
    where {{ belongs_to_session() }}
),

claimed as (
    select
        events.visitor_id,
        coalesce(events.session_id, '') as stream,
        events.occurred_at
    from changed as events
    where
        events.visitor_id is not null
        and {{ not_in_retired_session('events.occurred_at', 'events') }}
),

-- a sender's session is one, however long its pauses
arrived_with_id as (
    select
        visitor_id,
        stream,
        min(occurred_at) as starts_at,
        max(occurred_at) as ends_at
    from claimed
    where stream <> ''
    group by visitor_id, stream
),

reaches_without_id as (
    select
        visitor_id,
        stream,
        unnest(
            range_agg(tstzrange(occurred_at - {{ timeout }}, occurred_at + {{ timeout }}, '[]'))
        ) as reach
    from claimed
    where stream = ''
    group by visitor_id, stream
),

arrived as (
    select * from arrived_with_id
    union all
    select
        visitor_id,
        stream,
        lower(reach) as starts_at,
        upper(reach) as ends_at
    from reaches_without_id
),

{% if sessions %}
    reached as (
        select
            arrived.visitor_id,
            arrived.stream,
            least(arrived.starts_at, min(sessions.started_at)) as starts_at,
            greatest(arrived.ends_at, max(sessions.ended_at)) as ends_at
        from arrived
        left join ({{ open_sessions(sessions) }}) as sessions
            on
                arrived.visitor_id = sessions.visitor_id
                and arrived.stream = sessions.stream
                and (
                    arrived.stream <> ''
                    or (
                        arrived.ends_at >= sessions.started_at
                        and arrived.starts_at <= sessions.ended_at
                    )
                )
        group by arrived.visitor_id, arrived.stream, arrived.starts_at, arrived.ends_at
    ),
{% else %}
    reached as (
        select * from arrived
    ),
{% endif %}

-- two reaches may have met in one existing session
merged as (
    select
        visitor_id,
        stream,
        unnest(range_agg(tstzrange(starts_at, ends_at, '[]'))) as span
    from reached
    group by visitor_id, stream
),

final as (
    select
        {{ var('run_id') }}::bigint as run_id,
        visitor_id,
        stream,
        lower(span) as starts_at,
        upper(span) as ends_at
    from merged
)

select * from final
