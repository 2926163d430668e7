{#- Every settled event of a community is counted on its day, and in its totals. Reads all of raw: for
    the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select
        events.entity_id as community_id,
        events.occurred_date as date,
        count(*) as events,
        count(*) filter (where events.event_type = 'view') as views,
        count(*) filter (where events.event_type = 'join') as joins
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where
        loads.state = 'settled'
        and events.category = 'community'
        and events.entity_id is not null
    group by events.entity_id, events.occurred_date
),

days as (
    select * from {{ ref('community_daily') }}
    where events > 0
),

hours as (
    select
        community_id,
        date,
        sum(events) as events
    from {{ ref('community_hourly') }}
    group by community_id, date
    having sum(events) > 0
),

totals as (
    select
        community_id,
        sum(events) as events
    from settled
    group by community_id
),

differing_days as (
    select
        coalesce(settled.community_id, days.community_id) as community_id,
        coalesce(settled.date, days.date) as date
    from settled
    full outer join days on settled.community_id = days.community_id and settled.date = days.date
    where
        settled.events is distinct from days.events
        or settled.views is distinct from days.views
        or settled.joins is distinct from days.joins
),

differing_hours as (
    select
        coalesce(settled.community_id, hours.community_id) as community_id,
        coalesce(settled.date, hours.date) as date
    from settled
    full outer join hours on settled.community_id = hours.community_id and settled.date = hours.date
    where settled.events is distinct from hours.events
),

differing_totals as (
    select
        coalesce(totals.community_id, metrics.community_id) as community_id,
        null::date as date
    from totals
    full outer join {{ ref('community_metrics') }} as metrics on totals.community_id = metrics.community_id
    where totals.events is distinct from metrics.total_events
)

select * from differing_days
union all
select * from differing_hours
union all
select * from differing_totals
