{#- Every settled attempt to enter a restricted community is counted on its day, once by place and once
    in all. Reads all of raw: for the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select
        events.entity_id as community_id,
        events.occurred_date as date,
        count(*) as attempts,
        count(*) filter (
            where events.event_type in ('country_blocked', 'region_blocked', 'city_blocked')
        ) as blocked
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where
        loads.state = 'settled'
        and events.category = 'geo'
        and events.entity_id is not null
    group by events.entity_id, events.occurred_date
),

by_place as (
    select
        community_id,
        date,
        sum(attempts) as attempts,
        coalesce(sum(attempts) filter (where result = 'blocked'), 0) as blocked
    from {{ ref('geo_access_daily') }}
    group by community_id, date
),

in_all as (
    select
        community_id,
        date,
        total_attempts as attempts,
        blocked_attempts as blocked
    from {{ ref('geo_effectiveness') }}
    where total_attempts > 0
)

{% for published in ['by_place', 'in_all'] %}
    select
        '{{ published }}' as published,
        coalesce(settled.community_id, {{ published }}.community_id) as community_id,
        coalesce(settled.date, {{ published }}.date) as date
    from settled
    full outer join {{ published }}
        on settled.community_id = {{ published }}.community_id and settled.date = {{ published }}.date
    where
        settled.attempts is distinct from {{ published }}.attempts
        or settled.blocked is distinct from {{ published }}.blocked
    {% if not loop.last %}union all{% endif %}
{% endfor %}
