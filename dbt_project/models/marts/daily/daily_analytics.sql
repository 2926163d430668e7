{#- Always built whole: a row a day is little, and total_users of every later day follows from a
    visitor who turns out to have come earlier. -#}

with

days as (
    select * from {{ ref('int_daily') }}
),

calendar as (
    select generate_series(min(occurred_date), max(occurred_date), interval '1 day')::date as date
    from days
),

final as (
    select
        calendar.date,
        sum(coalesce(days.new_users, 0)) over (order by calendar.date)::bigint as total_users,
        coalesce(days.active_users, 0) as active_users,
        coalesce(days.new_users, 0) as new_users,
        coalesce(days.new_registrations, 0) as new_registrations,
        coalesce(days.sessions, 0) as sessions,
        coalesce(days.events, 0) as events,
        coalesce(days.page_views, 0) as page_views,
        coalesce(days.community_views, 0) as community_views,
        coalesce(days.community_joins, 0) as community_joins,
        {{ online_members('days.online_seconds', 'calendar.date', 'calendar.date') }}
            as average_online_members,
        coalesce(days.peak_community_activity, 0) as peak_community_activity,
        coalesce(days.geo_access_attempts, 0) as geo_access_attempts,
        coalesce(days.geo_blocked_attempts, 0) as geo_blocked_attempts,
        coalesce(days.geo_access_attempts - days.geo_blocked_attempts, 0) as geo_allowed_access,
        coalesce(days.traveler_access_count, 0) as traveler_access_count,
        coalesce(days.content_views, 0) as content_views,
        coalesce(days.content_interactions, 0) as content_interactions,
        coalesce(days.new_posts, 0) as new_posts,
        coalesce(days.new_comments, 0) as new_comments,
        coalesce(days.total_likes, 0) as total_likes,
        coalesce(days.total_shares, 0) as total_shares,
        coalesce(days.content_interactions + days.community_interactions, 0) as total_interactions,
        coalesce(days.api_requests, 0) as api_requests,
        coalesce(days.error_count, 0) as error_count,
        round(days.response_time_ms / nullif(days.timed_requests, 0), 1) as avg_response_time,
        round(days.session_seconds / nullif(days.sessions, 0), 1) as avg_session_duration,
        {{ percentage('days.bounces', 'days.sessions') }} as bounce_rate,
        days.first_received_at as created_at
    from calendar
    left join days on calendar.date = days.occurred_date
)

select * from final
