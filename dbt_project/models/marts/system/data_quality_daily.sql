{#- Always built whole: a row a day is little, and what is held or open today may be of any day. -#}

with

days as (
    select * from {{ ref('int_quality_daily') }}
),

calendar as (
    select generate_series(min(date), max(date), interval '1 day')::date as date
    from days
),

-- partial indexes know these few
held as (
    select
        {{ date_of('received_at') }} as date,
        sum(stored)::bigint as events
    from {{ source('raw', 'loads') }}
    where state <> 'settled' and stored > 0 and state = 'held'
    group by {{ date_of('received_at') }}
),

open_quarantine as (
    select
        {{ date_of('received_at') }} as date,
        count(*) as events
    from {{ source('raw', 'quarantine') }}
    where state = 'open'
    group by {{ date_of('received_at') }}
),

final as (
    select
        calendar.date,
        coalesce(days.loads, 0) as loads,
        coalesce(days.received, 0) as received,
        coalesce(days.stored, 0) as stored,
        coalesce(days.duplicate, 0) as duplicate,
        coalesce(days.quarantined, 0) as quarantined,
        coalesce(days.suppressed, 0) as suppressed,
        {{ percentage('days.duplicate', 'days.received') }} as duplicate_rate,
        {{ percentage('days.quarantined', 'days.received') }} as quarantine_rate,
        coalesce(days.quarantine_reasons, '{}'::jsonb) as quarantine_reasons,
        coalesce(days.suppression_reasons, '{}'::jsonb) as suppression_reasons,
        coalesce(open_quarantine.events, 0) as open_quarantine,
        coalesce(held.events, 0) as held_events,
        coalesce(days.expectations_checked, 0) as expectations_checked,
        coalesce(days.expectations_failed, 0) as expectations_failed,
        coalesce(days.warnings, 0) as warnings
    from calendar
    left join days on calendar.date = days.date
    left join held on calendar.date = held.date
    left join open_quarantine on calendar.date = open_quarantine.date
)

select * from final
