{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id', 'occurred_date']},
    changes=[{
        'grain': 'geo_day',
        'columns': ['visitor_id', 'is_visitor_known', 'community_id', 'occurred_date', 'country', 'region',
            'city', 'result', 'attempts', 'traveler_attempts'],
        'key': 'community_id',
        'date': 'occurred_date',
    }],
    indexes=[{'columns': ['community_id', 'occurred_date']}],
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
        where events.category = 'geo' and events.entity_id is not null
    ),
{% else %}
    events as (
        select * from {{ ref('int_events') }}
        where category = 'geo' and entity_id is not null
    ),
{% endif %}

placed as (
    select
        *,
        coalesce(country, '{{ unknown() }}') as known_country,
        coalesce(region, '{{ unknown() }}') as known_region,
        coalesce(city, '{{ unknown() }}') as known_city,
        {{ geo_result() }} as result
    from events
),

final as (
    select
        visitor_id,
        entity_id as community_id,
        occurred_date,
        known_country as country,
        known_region as region,
        known_city as city,
        result,
        bool_or(is_visitor_known) as is_visitor_known,
        count(*) as attempts,
        count(*) filter (where is_traveler or event_type = 'traveler_access') as traveler_attempts
    from placed
    group by visitor_id, entity_id, occurred_date, known_country, known_region, known_city, result
)

select * from final
