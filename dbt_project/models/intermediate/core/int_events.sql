{{ config(
    touched={'relation': 'int_claimed_events', 'keys': ['visitor_id', 'occurred_at', 'event_id']},
    indexes=[
        {'columns': ['entity_type', 'entity_id', 'occurred_date']},
        {'columns': ['received_at'], 'type': 'brin'},
    ],
    post_hook='{{ keep_key_events() }}',
) }}

-- what was touched is read off the old events, so it has to be taken down before
-- depends_on: {{ ref('int_touched_entity_days') }}

with

{% if is_incremental() %}
    events as (
        select * from {{ ref('int_claimed_events') }}
    ),
{% else %}
    -- int_claimed_events is not read here, but has to be built before
    -- depends_on: {{ ref('int_claimed_events') }}
    events as (
        select events.*
        from {{ ref('stg_raw__events') }} as events
        inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
        where
            loads.state = 'settled'
            or (loads.state = 'admitted' and loads.run_id = {{ var('run_id') }})
    ),
{% endif %}

final as (
    select {{ event_columns('events') }}
    from events
)

select * from final
