{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'user_id': 'key'},
        'where': touched_users(),
    },
    indexes=[{'columns': ['last_activity']}],
) }}

{%- set grains = ref('int_touched_grains') %}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where is_user and {{ only_touched(['visitor_id'], grains, ['key'], touched_users()) }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
    where
        user_id is not null
        and {{ only_touched(['visitor_id'], grains, ['key'], touched_users()) }}
),

in_communities as (
    select * from {{ ref('int_community_visitor_hourly') }}
    where {{ only_touched(['visitor_id'], grains, ['key'], touched_users()) }}
),

attempts as (
    select * from {{ ref('int_geo_visitor_daily') }}
    where {{ only_touched(['visitor_id'], grains, ['key'], touched_users()) }}
),

conversions as (
    select * from {{ ref('int_events') }}
    where
        is_key_event
        and category = 'conversion'
        and is_user
        and {{ only_touched(['visitor_id'], grains, ['key'], touched_users()) }}
),

authored as (
    select * from {{ ref('int_entities') }}
    where
        author_id is not null
        and {{ only_touched(['author_id'], grains, ['key'], touched_users()) }}
),

followed as (
    select * from {{ ref('int_entities') }}
    where
        entity_type = 'user'
        and {{ only_touched(['entity_id'], grains, ['key'], touched_users()) }}
),

by_type as (
    select
        visitor_id,
        category,
        event_type,
        sum(events)::bigint as events,
        sum(traveler_events)::bigint as traveler_events,
        min(first_occurred_at) as first_occurred_at,
        max(last_occurred_at) as last_occurred_at,
        max(last_received_at) as last_received_at
    from activity
    group by visitor_id, category, event_type
),

active_days as (
    select
        visitor_id,
        count(distinct occurred_date) as active_days
    from activity
    group by visitor_id
),

counted_events as (
    select
        visitor_id,
        min(first_occurred_at) as first_activity,
        max(last_occurred_at) as last_activity,
        sum(events)::bigint as total_events,
        {{ user_event_counts() }},
        ({{ events_of('content', ['post']) }} + {{ events_of('community', ['post']) }})::bigint as posts,
        ({{ events_of('content', ['comment']) }} + {{ events_of('community', ['comment']) }})::bigint
            as comments,
        ({{ events_of('content', ['like']) }} + {{ events_of('community', ['like']) }})::bigint
            as likes_given,
        {{ events_of('community', ['join']) }}::bigint as communities_joined,
        {{ events_of('community', ['post', 'comment', 'like', 'share', 'interaction']) }}::bigint
            as community_interactions,
        {{ events_of('geo', geo_blocked_types()) }}::bigint as geo_restricted_attempts,
        sum(traveler_events) > 0
        or bool_or((category, event_type) = ('geo', 'traveler_access')) as is_traveler,
        {{ events_of('recommendation', ['shown']) }}::bigint as recommendations_shown,
        {{ events_of('recommendation', ['clicked']) }}::bigint as recommendations_clicked,
        max(last_received_at) as last_calculated
    from by_type
    group by visitor_id
),

counted_sessions as (
    select
        visitor_id,
        count(*) as sessions,
        count(*) filter (where is_bounce) as bounces,
        sum(duration_seconds) as session_seconds
    from sessions
    group by visitor_id
),

counted_communities as (
    select
        visitor_id,
        count(distinct community_id) filter (where views > 0) as communities_viewed,
        sum(online_seconds) as community_online_time
    from in_communities
    group by visitor_id
),

places as (
    select distinct
        visitor_id,
        country,
        {{ place() }} as place
    from attempts
),

counted_places as (
    select
        visitor_id,
        jsonb_agg(place order by place) filter (where place <> '{}') as locations,
        {{ is_in_several_countries() }} as is_in_several_countries
    from places
    group by visitor_id
),

conversion_values as (
    {{ value_by_currency('conversions', 'conversion_values', ['visitor_id'], 'true') }}
),

likes_received as (
    select
        author_id as visitor_id,
        sum(likes)::bigint as likes_received
    from authored
    group by author_id
),

final as (
    select
        events.visitor_id as user_id,
        events.first_activity,
        events.last_activity,
        active_days.active_days,
        events.total_events,
        coalesce(sessions.sessions, 0) as total_sessions,
        coalesce(round(sessions.session_seconds, 1), 0) as total_time_spent,
        round(sessions.session_seconds / nullif(sessions.sessions, 0), 1) as avg_session_duration,
        {{ percentage('sessions.bounces', 'sessions.sessions') }} as bounce_rate,
        events.page_views as total_page_views,
        events.clicks as total_clicks,
        events.searches as total_searches,
        events.conversions as total_conversions,
        {{ only_amount("coalesce(money.conversion_values, '{}'::jsonb)") }} as total_conversion_value,
        {{ only_currency("coalesce(money.conversion_values, '{}'::jsonb)") }} as conversion_currency,
        coalesce(money.conversion_values, '{}'::jsonb) as conversion_values,
        events.posts as total_posts,
        events.comments as total_comments,
        events.likes_given as total_likes_given,
        coalesce(likes_received.likes_received, 0) as total_likes_received,
        coalesce(followed.follows, 0) as followers_gained,
        coalesce(followed.unfollows, 0) as followers_lost,
        coalesce(communities.communities_viewed, 0) as communities_viewed,
        events.communities_joined,
        coalesce(round(communities.community_online_time, 1), 0) as community_online_time,
        events.community_interactions,
        events.geo_restricted_attempts,
        coalesce(places.locations, '[]'::jsonb) as locations_accessed_from,
        events.is_traveler or coalesce(places.is_in_several_countries, false) as travel_detected,
        events.recommendations_shown,
        events.recommendations_clicked,
        events.events_by_type,
        events.last_calculated
    from counted_events as events
    inner join active_days on events.visitor_id = active_days.visitor_id
    left join counted_sessions as sessions on events.visitor_id = sessions.visitor_id
    left join counted_communities as communities on events.visitor_id = communities.visitor_id
    left join counted_places as places on events.visitor_id = places.visitor_id
    left join conversion_values as money on events.visitor_id = money.visitor_id
    left join likes_received on events.visitor_id = likes_received.visitor_id
    left join followed on events.visitor_id = followed.entity_id
)

select * from final
