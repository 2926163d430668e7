{{ config(
    touched={
        'relation': 'int_touched_visitor_days',
        'keys': {'user_id': 'visitor_id', 'date': 'occurred_date'},
    },
    indexes=[{'columns': ['date']}],
) }}

{%- set touched_days = ref('int_touched_visitor_days') %}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where is_user and {{ only_touched(['visitor_id', 'occurred_date'], touched_days) }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
    where {{ only_touched(
        ['visitor_id', 'started_date'], touched_days, ['visitor_id', 'occurred_date']
    ) }}
),

in_communities as (
    select * from {{ ref('int_community_visitor_hourly') }}
    where {{ only_touched(['visitor_id', 'occurred_date'], touched_days) }}
),

attempts as (
    select * from {{ ref('int_geo_visitor_daily') }}
    where {{ only_touched(['visitor_id', 'occurred_date'], touched_days) }}
),

places as (
    select distinct
        visitor_id,
        occurred_date,
        country,
        {{ place() }} as place
    from attempts
),

counted_places as (
    select
        visitor_id,
        occurred_date,
        jsonb_agg(place order by place) filter (where place <> '{}') as locations,
        {{ is_in_several_countries() }} as is_in_several_countries
    from places
    group by visitor_id, occurred_date
),

counted_communities as (
    select
        visitor_id,
        occurred_date,
        count(distinct community_id) filter (where views > 0) as communities_viewed,
        count(distinct community_id) filter (where joins > 0) as communities_joined,
        sum(interactions)::bigint as community_interactions,
        sum(online_seconds) as community_online_time
    from in_communities
    group by visitor_id, occurred_date
),

counted_sessions as (
    select
        visitor_id,
        started_date as occurred_date,
        count(*) as sessions,
        sum(duration_seconds) as session_seconds
    from sessions
    group by visitor_id, started_date
),

counted_events as (
    select
        visitor_id,
        occurred_date,
        sum(events)::bigint as events,
        {{ user_event_counts() }},
        {{ events_of('geo', geo_blocked_types()) }}::bigint as geo_restricted_attempts,
        sum(traveler_events) > 0
        or bool_or((category, event_type) = ('geo', 'traveler_access')) as is_traveler
    from activity
    group by visitor_id, occurred_date
),

final as (
    select
        events.visitor_id as user_id,
        events.occurred_date as date,
        events.events,
        events.page_views,
        events.events - events.page_views - events.system_events as actions_performed,
        events.clicks,
        events.searches,
        events.conversions,
        coalesce(sessions.sessions, 0) as sessions,
        coalesce(sessions.session_seconds, 0) as time_spent,
        coalesce(communities.communities_viewed, 0) as communities_viewed,
        coalesce(communities.communities_joined, 0) as communities_joined,
        coalesce(communities.community_online_time, 0) as community_online_time,
        coalesce(communities.community_interactions, 0) as community_interactions,
        events.geo_restricted_attempts,
        coalesce(places.locations, '[]'::jsonb) as locations_accessed_from,
        events.is_traveler or coalesce(places.is_in_several_countries, false) as travel_detected,
        events.events_by_type
    from counted_events as events
    left join counted_sessions as sessions
        on events.visitor_id = sessions.visitor_id and events.occurred_date = sessions.occurred_date
    left join counted_communities as communities
        on events.visitor_id = communities.visitor_id and events.occurred_date = communities.occurred_date
    left join counted_places as places
        on events.visitor_id = places.visitor_id and events.occurred_date = places.occurred_date
)

select * from final
