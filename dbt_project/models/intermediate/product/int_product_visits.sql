{#-
  Who came upon a product, and in which session: what distinct counts of any period are taken from.
-#}
{{ config(touched=touched_product_days()) }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        entity_type = 'product'
        and entity_id is not null
        and is_visitor_known
        and {{ only_touched(
            ['entity_id', 'occurred_date'],
            ref('int_touched_entity_days'), where=touched_product_days()['where']
        ) }}
),

-- the event belongs to the last session that had begun by then
with_sessions as (
    select
        events.entity_id,
        events.occurred_date,
        events.visitor_id,
        events.is_user,
        coalesce(events.session_id, '') as stream,
        coalesce(derived.started_at, '-infinity') as session_started_at
    from events
    left join lateral (
        select sessions.started_at
        from {{ ref('int_sessions') }} as sessions
        where
            sessions.visitor_id = events.visitor_id
            and sessions.stream = ''
            and sessions.started_at <= events.occurred_at
        order by sessions.started_at desc
        limit 1
    ) as derived on events.session_id is null
),

final as (
    select
        entity_id,
        occurred_date,
        visitor_id,
        stream,
        session_started_at,
        bool_or(is_user) as is_user
    from with_sessions
    group by entity_id, occurred_date, visitor_id, stream, session_started_at
)

select * from final
