{{ config(
    touched={
        'relation': 'int_stitched_events',
        'keys': {
            'visitor_id': 'unnest(array[visitor_id, previous_visitor_id])',
            'occurred_at': 'occurred_at',
            'event_id': 'event_id',
        },
    },
    indexes=[
        {'columns': ['entity_type', 'entity_id', 'occurred_date']},
        {'columns': ['received_at'], 'type': 'brin'},
    ],
    post_hook=[
        '{{ keep_key_events() }}',
        {
            'sql': 'create index if not exists int_events_key_events on {{ this }} (visitor_id) where is_key_event',
            'transaction': false,
        },
    ],
) }}

-- what was touched is read off the old events, so it has to be taken down before
-- depends_on: {{ ref('int_touched_entity_days') }}
-- depends_on: {{ ref('int_touched_visitor_days') }}

with

{% if is_incremental() %}
    final as (
        select {{ event_column_names() | join(', ') }}
        from {{ ref('int_stitched_events') }}
    )
{% else %}
    -- int_stitched_events is not read here, but has to be built before
    -- depends_on: {{ ref('int_stitched_events') }}
    settled as (
        {{ settled_events() }}
    ),

    persons as (
        select * from {{ ref('int_device_users') }}
    ),

    final as (
        select {{ stitched_columns('settled', 'persons') }}
        from settled
        left join persons on {{ is_spell_of('settled', 'persons') }}
    )
{% endif %}

select * from final
