{{ config(touched={'relation': 'int_touched_error_days', 'keys': ['occurred_date']}) }}

with

error_events as (
    select * from {{ ref('int_error_events') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_error_days')) }}
),

counted as (
    select
        occurred_date,
        level,
        count(*) filter (where event_type = 'error') as error_count,
        count(distinct message) filter (where event_type = 'error') as distinct_messages,
        count(distinct visitor_id) filter (where event_type = 'error' and is_visitor_known)
            as affected_visitors,
        count(*) filter (where event_type = 'error_resolved') as resolved,
        count(*) filter (where event_type = 'error_reopened') as reopened,
        count(*) filter (where event_type = 'error_deleted') as deleted,
        avg(extract(epoch from occurred_at - raised_at)) filter (where event_type = 'error_resolved')
            as seconds_to_resolution
    from error_events
    group by occurred_date, level
),

final as (
    select
        occurred_date,
        level,
        error_count,
        distinct_messages,
        affected_visitors,
        resolved,
        reopened,
        deleted,
        seconds_to_resolution::numeric(20, 1) as avg_seconds_to_resolution
    from counted
)

select * from final
