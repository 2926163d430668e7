{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key', 'occurred_date': 'date'},
        'where': grain_is('community_day'),
    },
) }}

{%- set grains = ref('int_touched_grains') %}

with

hours as (
    select * from {{ ref('int_community_hourly') }}
    where {{ only_touched(
        ['community_id', 'occurred_date'], grains, ['key', 'date'], grain_is('community_day')
    ) }}
),

visitors_of_days as (
    select * from {{ ref('int_community_visitor_days') }}
    where {{ only_touched(
        ['community_id', 'occurred_date'], grains, ['key', 'date'], grain_is('community_day')
    ) }}
),

visitors_no_longer_active as (
    select * from {{ ref('int_community_visitor_days') }}
    where {{ only_touched(
        ['community_id', 'counts_until'], grains, ['key', 'date'], grain_is('community_day')
    ) }}
),

from_hours as (
    select
        community_id,
        occurred_date,
        {% for column in community_counts() -%}
            sum({{ column }})::bigint as {{ column }},
        {% endfor -%}
        sum(sessions)::bigint as sessions,
        sum(session_seconds) as session_seconds,
        sum(online_seconds) as online_seconds,
        max(peak_online_members) as peak_online_members,
        (array_agg(
            extract(hour from occurred_hour at time zone '{{ var("reporting_timezone") }}')::integer
            order by events desc, occurred_hour asc
        ) filter (where events > 0))[1] as peak_hour
    from hours
    group by community_id, occurred_date
),

from_visitors as (
    select
        community_id,
        occurred_date,
        count(*) as unique_visitors,
        count(*) filter (where is_first) as new_visitors,
        count(*) filter (where is_member) as active_members,
        sum(member_change)::bigint as member_change
    from visitors_of_days
    group by community_id, occurred_date
),

no_longer_active as (
    select
        community_id,
        counts_until as occurred_date,
        count(*) filter (where is_member) as members_no_longer_active
    from visitors_no_longer_active
    group by community_id, counts_until
),

keys as (
    select
        community_id,
        occurred_date
    from from_hours
    union
    select
        community_id,
        occurred_date
    from no_longer_active
),

final as (
    select
        keys.community_id,
        keys.occurred_date,
        {% for column in community_counts() -%}
            coalesce(from_hours.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(from_visitors.unique_visitors, 0) as unique_visitors,
        coalesce(from_visitors.new_visitors, 0) as new_visitors,
        coalesce(from_visitors.active_members, 0) as active_members,
        coalesce(no_longer_active.members_no_longer_active, 0) as members_no_longer_active,
        coalesce(from_visitors.member_change, 0) as member_change,
        coalesce(from_hours.sessions, 0) as sessions,
        coalesce(from_hours.session_seconds, 0)::numeric(38, 3) as session_seconds,
        coalesce(from_hours.online_seconds, 0)::numeric(38, 3) as online_seconds,
        coalesce(from_hours.peak_online_members, 0) as peak_online_members,
        from_hours.peak_hour
    from keys
    left join from_hours
        on keys.community_id = from_hours.community_id and keys.occurred_date = from_hours.occurred_date
    left join from_visitors
        on
            keys.community_id = from_visitors.community_id
            and keys.occurred_date = from_visitors.occurred_date
    left join no_longer_active
        on
            keys.community_id = no_longer_active.community_id
            and keys.occurred_date = no_longer_active.occurred_date
)

select * from final
