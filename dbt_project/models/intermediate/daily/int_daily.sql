{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['occurred_date']},
) }}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_visitor_days')) }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
    where {{ only_touched(['started_date'], ref('int_touched_visitor_days'), ['occurred_date']) }}
),

visitors as (
    select * from {{ ref('int_visitors') }}
    where {{ only_touched(['first_date'], ref('int_touched_visitor_days'), ['occurred_date']) }}
),

in_communities as (
    select * from {{ ref('int_community_visitor_hourly') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_visitor_days')) }}
),

daily_activity as (
    select
        occurred_date,
        sum(events) as events,
        count(distinct visitor_id) filter (where is_visitor_known) as active_users,
        {{ events_of('user', ['page_view']) }} as page_views,
        {{ events_of('user', ['registration']) }}
        + {{ events_of('conversion', ['registration']) }} as new_registrations,
        {{ events_of('community', ['view']) }} as community_views,
        {{ events_of('community', ['join']) }} as community_joins,
        {{ events_of('geo') }} as geo_access_attempts,
        {{ events_of('geo', ['country_blocked', 'region_blocked', 'city_blocked']) }}
            as geo_blocked_attempts,
        coalesce(sum(traveler_events) filter (where category = 'geo'), 0) as traveler_access_count,
        {{ events_of('content', ['view']) }} as content_views,
        {{ events_of('content', ['post', 'comment', 'like', 'share', 'bookmark', 'interaction']) }}
            as content_interactions,
        {{ events_of('content', ['post']) }} + {{ events_of('community', ['post']) }} as new_posts,
        {{ events_of('content', ['comment']) }}
        + {{ events_of('community', ['comment']) }} as new_comments,
        {{ events_of('content', ['like']) }} + {{ events_of('community', ['like']) }} as total_likes,
        {{ events_of('content', ['share']) }}
        + {{ events_of('community', ['share']) }} as total_shares,
        {{ events_of('community', ['post', 'comment', 'like', 'share', 'interaction']) }}
            as community_interactions,
        {{ events_of('system', ['api_request']) }} as api_requests,
        {{ events_of('system', ['error']) }} as error_count,
        sum(response_time_ms) filter (where category = 'system') as response_time_ms,
        sum(timed_requests) filter (where category = 'system') as timed_requests,
        min(first_received_at) as first_received_at
    from activity
    group by occurred_date
),

daily_sessions as (
    select
        started_date,
        count(*) as sessions,
        count(*) filter (where is_bounce) as bounces,
        sum(duration_seconds) as session_seconds
    from sessions
    group by started_date
),

daily_new_users as (
    select
        first_date,
        count(*) as new_users
    from visitors
    group by first_date
),

community_hours as (
    select
        occurred_date,
        sum(events) as events,
        sum(online_seconds) as online_seconds
    from in_communities
    group by occurred_date, occurred_hour
),

daily_communities as (
    select
        occurred_date,
        max(events) as peak_community_activity,
        sum(online_seconds) as online_seconds
    from community_hours
    group by occurred_date
),

final as (
    select
        daily_activity.occurred_date,
        daily_activity.events::bigint as events,
        daily_activity.active_users,
        coalesce(daily_new_users.new_users, 0) as new_users,
        daily_activity.new_registrations::bigint as new_registrations,
        coalesce(daily_sessions.sessions, 0) as sessions,
        coalesce(daily_sessions.bounces, 0) as bounces,
        coalesce(daily_sessions.session_seconds, 0)::numeric(38, 3) as session_seconds,
        daily_activity.page_views::bigint as page_views,
        daily_activity.community_views::bigint as community_views,
        daily_activity.community_joins::bigint as community_joins,
        daily_activity.geo_access_attempts::bigint as geo_access_attempts,
        daily_activity.geo_blocked_attempts::bigint as geo_blocked_attempts,
        daily_activity.traveler_access_count::bigint as traveler_access_count,
        daily_activity.content_views::bigint as content_views,
        daily_activity.content_interactions::bigint as content_interactions,
        daily_activity.community_interactions::bigint as community_interactions,
        daily_activity.new_posts::bigint as new_posts,
        daily_activity.new_comments::bigint as new_comments,
        daily_activity.total_likes::bigint as total_likes,
        daily_activity.total_shares::bigint as total_shares,
        daily_activity.api_requests::bigint as api_requests,
        daily_activity.error_count::bigint as error_count,
        coalesce(daily_activity.timed_requests, 0)::bigint as timed_requests,
        coalesce(daily_activity.response_time_ms, 0)::numeric(38, 3) as response_time_ms,
        coalesce(daily_communities.online_seconds, 0)::numeric(38, 3) as online_seconds,
        coalesce(daily_communities.peak_community_activity, 0)::bigint as peak_community_activity,
        daily_activity.first_received_at
    from daily_activity
    left join daily_sessions on daily_activity.occurred_date = daily_sessions.started_date
    left join daily_communities on daily_activity.occurred_date = daily_communities.occurred_date
    left join daily_new_users on daily_activity.occurred_date = daily_new_users.first_date
)

select * from final
