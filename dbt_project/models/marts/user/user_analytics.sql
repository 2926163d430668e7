{{ config(
    touched={
        'relation': 'int_touched_visitor_days',
        'keys': {'user_id': 'visitor_id'},
    },
    indexes=[{'columns': ['last_activity']}],
) }}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where
        is_user
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
    where
        user_id is not null
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

user_activity as (
    select
        visitor_id as user_id,
        min(first_occurred_at) as first_activity,
        max(last_occurred_at) as last_activity,
        count(distinct occurred_date) as active_days,
        sum(events) as total_events,
        {{ events_of('user', ['page_view']) }} as total_page_views,
        {{ events_of('user', ['click', 'button_click', 'event_click']) }}
        + {{ events_of('product', ['click']) }} as total_clicks,
        {{ events_of('conversion') }} as total_conversions,
        {{ events_of('content', ['post']) }} + {{ events_of('community', ['post']) }} as total_posts,
        {{ events_of('content', ['comment']) }}
        + {{ events_of('community', ['comment']) }} as total_comments,
        {{ events_of('content', ['like']) }}
        + {{ events_of('community', ['like']) }} as total_likes_given,
        {{ events_of('community', ['join']) }} as communities_joined,
        {{ events_of('community', ['post', 'comment', 'like', 'share', 'interaction']) }}
            as community_interactions,
        {{ events_of('geo', ['country_blocked', 'region_blocked', 'city_blocked']) }}
            as geo_restricted_attempts,
        coalesce(sum(traveler_events), 0) > 0 as travel_detected,
        {{ events_of('recommendation', ['shown']) }} as recommendations_shown,
        {{ events_of('recommendation', ['clicked']) }} as recommendations_clicked,
        max(last_received_at) as last_calculated
    from activity
    group by visitor_id
),

user_sessions as (
    select
        visitor_id as user_id,
        count(*) as total_sessions,
        sum(duration_seconds) as total_time_spent,
        avg(duration_seconds) as avg_session_duration
    from sessions
    group by visitor_id
),

final as (
    select
        user_activity.user_id,
        user_activity.first_activity,
        user_activity.last_activity,
        user_activity.active_days,
        user_activity.total_events::bigint as total_events,
        coalesce(user_sessions.total_sessions, 0) as total_sessions,
        coalesce(round(user_sessions.total_time_spent, 1), 0) as total_time_spent,
        round(user_sessions.avg_session_duration, 1) as avg_session_duration,
        user_activity.total_page_views::bigint as total_page_views,
        user_activity.total_clicks::bigint as total_clicks,
        user_activity.total_conversions::bigint as total_conversions,
        user_activity.total_posts::bigint as total_posts,
        user_activity.total_comments::bigint as total_comments,
        user_activity.total_likes_given::bigint as total_likes_given,
        user_activity.communities_joined::bigint as communities_joined,
        user_activity.community_interactions::bigint as community_interactions,
        user_activity.geo_restricted_attempts::bigint as geo_restricted_attempts,
        user_activity.travel_detected,
        user_activity.recommendations_shown::bigint as recommendations_shown,
        user_activity.recommendations_clicked::bigint as recommendations_clicked,
        user_activity.last_calculated
    from user_activity
    left join user_sessions on user_activity.user_id = user_sessions.user_id
)

select * from final
