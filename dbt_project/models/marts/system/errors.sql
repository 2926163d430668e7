{#- An error that an administrator deleted, or that was resolved long ago, has no row; the days still
    count it. -#}
{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'error_id': 'entity_id'},
        'where': touched_errors()['where'],
    },
    indexes=[{'columns': ['created_at']}, {'columns': ['is_resolved', 'level']}, {'columns': ['user_id']}],
) }}

with

error_events as (
    select * from {{ ref('int_error_events') }}
    where
        is_listed
        and {{ only_touched(
            ['entity_id'], ref('int_touched_entity_days'), where=touched_errors()['where']
        ) }}
),

lives as (
    select
        entity_id as error_id,
        min(level) as level,
        min(message) as message,
        {{ first_value('user_id', where="event_type = 'error'") }} as user_id,
        {{ first_value('url', where="event_type = 'error'") }} as url,
        {{ first_value('method', where="event_type = 'error'") }} as method,
        {{ first_value('stack_trace', where="event_type = 'error'") }} as stack_trace,
        min(raised_at) as created_at,
        {{ first_value('occurred_date', where="event_type = 'error'") }} as date,
        {{ first_value('received_at', where="event_type = 'error'") }} as received_at,
        {{ last_value('event_type', where="event_type in ('error_resolved', 'error_reopened')") }}
            as last_state,
        max(occurred_at) filter (where event_type = 'error_resolved') as last_resolved_at,
        count(*) filter (where event_type = 'error_reopened') as times_reopened,
        max(occurred_at) as last_changed_at
    from error_events
    group by entity_id
    having count(*) filter (where event_type = 'error_deleted') = 0
),

final as (
    select
        error_id,
        level,
        message,
        user_id,
        url,
        method,
        stack_trace,
        created_at,
        date,
        received_at,
        coalesce(last_state = 'error_resolved', false) as is_resolved,
        case when last_state = 'error_resolved' then last_resolved_at end as resolved_at,
        times_reopened,
        last_changed_at
    from lives
)

select * from final
