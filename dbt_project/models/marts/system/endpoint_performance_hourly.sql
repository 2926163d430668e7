{{ config(
    touched=touched_hours('endpoint', 'endpoint'),
    indexes=[{'columns': ['hour']}, {'columns': ['date']}],
) }}

with

requests as (
    select
        entity_id as endpoint,
        {{ hour_of('occurred_at') }} as hour,
        occurred_date as date,
        response_time_ms,
        coalesce(status_code >= 400, message is not null) as is_error,
        coalesce(status_code >= 500, false) as is_server_error
    from {{ ref('int_events') }}
    where
        category = 'system'
        and event_type = 'api_request'
        and entity_type = 'endpoint'
        and entity_id is not null
        and {{ only_touched(
            ['entity_id', 'occurred_date'],
            ref('int_touched_entity_days'), where=touched_hours('endpoint', 'endpoint')['where']
        ) }}
),

counted as (
    select
        endpoint,
        hour,
        date,
        count(*) as request_count,
        avg(response_time_ms) as avg_response_time,
        {{ percentile(0.5, 'response_time_ms') }} as p50_response_time,
        {{ percentile(0.95, 'response_time_ms') }} as p95_response_time,
        {{ percentile(0.99, 'response_time_ms') }} as p99_response_time,
        max(response_time_ms) as max_response_time,
        count(*) filter (where is_error) as error_count,
        count(*) filter (where is_server_error) as server_error_count
    from requests
    group by endpoint, hour, date
),

final as (
    select
        endpoint,
        hour,
        date,
        request_count,
        avg_response_time::numeric(38, 1) as avg_response_time,
        p50_response_time::numeric(38, 1) as p50_response_time,
        p95_response_time::numeric(38, 1) as p95_response_time,
        p99_response_time::numeric(38, 1) as p99_response_time,
        max_response_time::numeric(38, 1) as max_response_time,
        error_count,
        server_error_count,
        {{ percentage('error_count', 'request_count') }} as error_rate
    from counted
)

select * from final
