{#- Errors, and what was done about them. -#}
{{ config(
    touched=touched_errors(),
    freezes=true,
    indexes=[{'columns': ['occurred_date']}],
) }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        category = 'system'
        and event_type in ('error', 'error_resolved', 'error_reopened', 'error_deleted')
        and entity_type = 'error'
        and entity_id is not null
        and {{ only_touched(
            ['entity_id'], ref('int_touched_entity_days'), where=touched_errors()['where']
        ) }}
),

errors as (
    select
        entity_id,
        min(occurred_at) as raised_at,
        coalesce(min(lower(level)), 'error') as level,
        min(message) as message
    from events
    where event_type = 'error'
    group by entity_id
),

-- of an error that was never heard of there is nothing to tell
final as (
    select
        events.entity_id,
        events.event_id,
        events.event_type,
        events.occurred_at,
        events.occurred_date,
        events.received_at,
        events.visitor_id,
        events.is_visitor_known,
        events.user_id,
        errors.level,
        errors.message,
        errors.raised_at,
        events.url,
        events.method,
        events.stack_trace,
        true as is_listed
    from events
    inner join errors on events.entity_id = errors.entity_id
)

select * from final
