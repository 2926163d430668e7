{#- Every settled event is counted on its day, and nothing else is. Reads all of raw: for the nightly
    check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select
        events.occurred_date as date,
        count(*) as events
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where loads.state = 'settled'
    group by events.occurred_date
),

published as (
    select
        date,
        events
    from {{ ref('daily_analytics') }}
    where events > 0
)

select
    coalesce(settled.date, published.date) as date,
    settled.events as settled_events,
    published.events as published_events
from settled
full outer join published on settled.date = published.date
where settled.events is distinct from published.events
