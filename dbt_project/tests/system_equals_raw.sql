{#- Every settled request and error is counted in its hour and on its day, and every load in the ledger.
    Reads all of raw: for the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select events.*
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where loads.state = 'settled' and events.category = 'system'
),

requests as (
    select
        entity_id as endpoint,
        occurred_date as date,
        count(*) as requests,
        count(*) filter (where status_code >= 400 or (status_code is null and message is not null)) as errors
    from settled
    where event_type = 'api_request' and entity_id is not null
    group by entity_id, occurred_date
),

endpoint_days as (
    select
        endpoint,
        date,
        sum(request_count) as requests,
        sum(error_count) as errors
    from {{ ref('endpoint_performance_hourly') }}
    group by endpoint, date
),

differing_requests as (
    select 'requests of ' || coalesce(requests.date, endpoint_days.date) as what
    from requests
    full outer join endpoint_days
        on requests.endpoint = endpoint_days.endpoint and requests.date = endpoint_days.date
    where
        requests.requests is distinct from endpoint_days.requests
        or requests.errors is distinct from endpoint_days.errors
),

errors as (
    select
        occurred_date as date,
        count(*) as errors
    from settled
    where event_type = 'error'
    group by occurred_date
),

error_days as (
    select
        date,
        sum(error_count) as errors
    from {{ ref('errors_daily') }}
    group by date
    having sum(error_count) > 0
),

differing_errors as (
    select 'errors of ' || coalesce(errors.date, error_days.date) as what
    from errors
    full outer join error_days on errors.date = error_days.date
    where errors.errors is distinct from error_days.errors
),

-- loads may have landed since the last run, but none has gone
lost_loads as (
    select 'more received than the ledger knows' as what
    from {{ ref('data_quality_daily') }}
    having
        sum(received) > (select sum(loads.received) from {{ source('raw', 'loads') }} as loads)
        or sum(stored) < (
            select sum(loads.stored) from {{ source('raw', 'loads') }} as loads
            where loads.state = 'settled'
        )
)

select * from differing_requests
union all
select * from differing_errors
union all
select * from lost_loads
