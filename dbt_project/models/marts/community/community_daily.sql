{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key'},
        'where': grain_is('community_day'),
    },
    indexes=[{'columns': ['date']}],
) }}

with

days as (
    select * from {{ ref('int_community_daily') }}
    where {{ only_touched(
        ['community_id'], ref('int_touched_grains'), ['key'], grain_is('community_day')
    ) }}
),

calendar as (
    select
        community_id,
        generate_series(min(occurred_date), max(occurred_date), interval '1 day')::date as date
    from days
    where events > 0 or peak_online_members > 0
    group by community_id
),

filled as (
    select
        calendar.community_id,
        calendar.date,
        {% for column in community_counts() -%}
            coalesce(days.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(days.unique_visitors, 0) as unique_visitors,
        coalesce(days.new_visitors, 0) as new_visitors,
        coalesce(days.member_change, 0) as net_members,
        sum(days.member_change) over until_then as members,
        coalesce(days.active_members, 0) as active_members,
        sum(days.active_members - days.members_no_longer_active) over until_then as active_members_7d,
        coalesce(days.sessions, 0) as sessions,
        days.session_seconds,
        coalesce(days.online_seconds, 0) as online_seconds,
        coalesce(days.peak_online_members, 0) as peak_online_members,
        days.peak_hour
    from calendar
    left join days on calendar.community_id = days.community_id and calendar.date = days.occurred_date
    window until_then as (partition by calendar.community_id order by calendar.date)
),

final as (
    select
        community_id,
        date,
        {% for column in community_counts() -%}
            {{ column }},
        {% endfor -%}
        unique_visitors,
        new_visitors,
        net_members,
        coalesce(members, 0)::bigint as members,
        active_members,
        coalesce(active_members_7d, 0)::bigint as active_members_7d,
        {{ percentage('active_members_7d', 'members') }} as member_retention,
        sessions,
        round(session_seconds / nullif(sessions, 0), 1) as average_session_duration,
        round(
            online_seconds / extract(epoch from {{ day_end('date') }} - {{ day_start('date') }}), 3
        ) as average_online_members,
        peak_online_members,
        peak_hour
    from filled
)

select * from final
