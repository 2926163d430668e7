{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key', 'date': 'date'},
        'where': grain_is('community_day'),
    },
    indexes=[{'columns': ['hour']}],
) }}

with

hours as (
    select
        *,
        occurred_hour at time zone '{{ var("reporting_timezone") }}' as local_hour
    from {{ ref('int_community_hourly') }}
    where {{ only_touched(
        ['community_id', 'occurred_date'],
        ref('int_touched_grains'), ['key', 'date'], grain_is('community_day')
    ) }}
),

final as (
    select
        community_id,
        occurred_hour as hour,
        occurred_date as date,
        extract(hour from local_hour)::integer as hour_of_day,
        extract(isodow from occurred_date)::integer as weekday,
        date_trunc('week', occurred_date)::date as week,
        {% for column in community_counts() -%}
            {{ column }},
        {% endfor -%}
        unique_visitors,
        sessions,
        round(session_seconds / nullif(sessions, 0), 1) as average_session_duration,
        round(online_seconds / 3600, 3) as average_online_members,
        peak_online_members
    from hours
)

select * from final
