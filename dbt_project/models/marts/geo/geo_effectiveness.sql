{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key'},
        'where': grain_is('geo_day'),
    },
    indexes=[{'columns': ['date']}],
) }}

{%- set columns = [
    'total_attempts', 'blocked_attempts', 'allowed_attempts', 'bypassed_attempts', 'traveler_attempts',
    'unique_visitors', 'blocked_visitors',
] %}

with

days as (
    select * from {{ ref('int_geo_daily') }}
    where {{ only_touched(['community_id'], ref('int_touched_grains'), ['key'], grain_is('geo_day')) }}
),

calendar as (
    select
        community_id,
        generate_series(min(occurred_date), max(occurred_date), interval '1 day')::date as date
    from days
    group by community_id
),

final as (
    select
        calendar.community_id,
        calendar.date,
        {% for column in columns -%}
            coalesce(days.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {{ percentage('days.blocked_attempts', 'days.total_attempts') }} as effectiveness_percentage
    from calendar
    left join days on calendar.community_id = days.community_id and calendar.date = days.occurred_date
)

select * from final
