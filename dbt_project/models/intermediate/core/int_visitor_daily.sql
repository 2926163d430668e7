{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id', 'occurred_date']},
    changes=[{
        'grain': 'visitor_day',
        'columns': ['visitor_id', 'is_user', 'is_visitor_known', 'occurred_date', 'category', 'event_type',
            'events', 'traveler_events', 'first_occurred_at', 'last_occurred_at', 'last_received_at'],
        'key': 'visitor_id',
        'date': 'occurred_date',
    }],
    indexes=[{'columns': ['occurred_date']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

{%- set touched_days = ref('int_touched_visitor_days') %}

with

{% if is_incremental() %}
    touched as (
        {{ touched_keys(touched_days, ['visitor_id', 'occurred_date']) }}
    ),

    events as (
        select events.*
        from {{ ref('int_events') }} as events
        inner join touched
            on
                events.visitor_id = touched.visitor_id
                and events.occurred_at >= {{ day_start('touched.occurred_date') }}
                and events.occurred_at < {{ day_end('touched.occurred_date') }}
    ),
{% else %}
    events as (
        select * from {{ ref('int_events') }}
    ),
{% endif %}

final as (
    select
        visitor_id,
        is_user,
        is_visitor_known,
        occurred_date,
        category,
        event_type,
        count(*) as events,
        count(*) filter (where is_traveler) as traveler_events,
        count(response_time_ms) as timed_requests,
        coalesce(sum(response_time_ms), 0)::numeric(38, 3) as response_time_ms,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at,
        min(received_at) as first_received_at,
        max(received_at) as last_received_at
    from events
    group by visitor_id, is_user, is_visitor_known, occurred_date, category, event_type
)

select * from final
