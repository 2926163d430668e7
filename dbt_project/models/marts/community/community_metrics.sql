{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key'},
        'where': grain_is('community_day'),
    },
) }}

with

days as (
    select
        *,
        events > 0 or peak_online_members > 0 as is_active
    from {{ ref('int_community_daily') }}
    where {{ only_touched(
        ['community_id'], ref('int_touched_grains'), ['key'], grain_is('community_day')
    ) }}
),

spans as (
    select
        community_id,
        min(occurred_date) filter (where is_active) as first_date,
        max(occurred_date) filter (where is_active) as last_date
    from days
    group by community_id
),

totals as (
    select
        spans.community_id,
        spans.first_date,
        spans.last_date,
        count(*) filter (where days.events > 0) as active_days,
        {% for column in community_counts() -%}
            sum(days.{{ column }})::bigint as {{ column }},
        {% endfor -%}
        sum(days.new_visitors)::bigint as unique_visitors,
        sum(days.member_change)::bigint as members,
        sum(days.active_members - days.members_no_longer_active)::bigint as active_members_7d,
        sum(days.sessions)::bigint as sessions,
        sum(days.session_seconds) as session_seconds,
        sum(days.online_seconds) as online_seconds,
        max(days.peak_online_members) as peak_online_members,
        (array_agg(days.occurred_date order by days.peak_online_members desc, days.occurred_date asc))[1]
            as peak_online_date
    from days
    inner join spans on days.community_id = spans.community_id and days.occurred_date <= spans.last_date
    group by spans.community_id, spans.first_date, spans.last_date
),

final as (
    select
        community_id,
        first_date,
        last_date,
        active_days,
        events as total_events,
        views as total_views,
        joins as total_joins,
        leaves as total_leaves,
        posts as total_posts,
        comments as total_comments,
        likes as total_likes,
        shares as total_shares,
        interactions as total_interactions,
        members,
        active_members_7d,
        {{ percentage('active_members_7d', 'members') }} as member_retention,
        unique_visitors,
        sessions as total_sessions,
        round(session_seconds / nullif(sessions, 0), 1) as average_session_duration,
        round(
            online_seconds / extract(epoch from {{ day_end('last_date') }} - {{ day_start('first_date') }}), 3
        ) as average_online_members,
        peak_online_members,
        peak_online_date
    from totals
)

select * from final
