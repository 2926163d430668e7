{#- Always built whole: a few rows a day are little, and empty days lie between others. -#}

with

days as (
    select * from {{ ref('int_errors_daily') }}
),

levels as (
    select
        level,
        min(occurred_date) as first_date,
        max(max(occurred_date)) over () as last_date
    from days
    group by level
),

calendar as (
    select
        level,
        generate_series(first_date, last_date, interval '1 day')::date as date
    from levels
),

final as (
    select
        calendar.date,
        calendar.level,
        coalesce(days.error_count, 0) as error_count,
        coalesce(days.distinct_messages, 0) as distinct_messages,
        coalesce(days.affected_visitors, 0) as affected_visitors,
        coalesce(days.resolved, 0) as resolved,
        coalesce(days.reopened, 0) as reopened,
        coalesce(days.deleted, 0) as deleted,
        days.avg_seconds_to_resolution
    from calendar
    left join days on calendar.date = days.occurred_date and calendar.level = days.level
)

select * from final
