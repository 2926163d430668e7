{#-
  What the ledger of loads and the gates say of each day. What they say stands once it is written, so
  that the last two days that were built are built again, and those since: a landing that began before
  midnight may have ended after it. Held events that were moved into quarantine restate the day on
  which they came, and those since are built again too.
-#}
{{ config(
    incremental_strategy='delete+insert',
    unique_key='date',
    post_hook='{{ keep_days_of_removed_records() }}',
) }}

with

since as (
    {% if is_incremental() %}
        select least(built.moment, restated.moment) as moment
        from (
            select coalesce(max({{ day_start('(date - 1)') }}), '-infinity') as moment
            from {{ this }}
        ) as built
        left join lateral (
            select min({{ day_start(date_of('loads.received_at')) }}) as moment
            from {{ source('raw', 'loads') }} as loads
            where loads.restated_at >= built.moment
        ) as restated on true
    {% else %}
        select '-infinity'::timestamptz as moment
    {% endif %}
),

loads as (
    select
        *,
        {{ date_of('received_at') }} as date
    from {{ source('raw', 'loads') }}
    where received_at >= (select since.moment from since)
),

ledger as (
    select
        date,
        count(*) as loads,
        sum(received)::bigint as received,
        sum(stored)::bigint as stored,
        sum(duplicate)::bigint as duplicate,
        sum(quarantined)::bigint as quarantined,
        sum(suppressed)::bigint as suppressed
    from loads
    group by date
),

quarantine_by_reason as (
    select
        {{ date_of('received_at') }} as date,
        reason,
        count(*) as events
    from {{ source('raw', 'quarantine') }}
    where received_at >= (select since.moment from since)
    group by {{ date_of('received_at') }}, reason
),

quarantine_reasons as (
    select
        date,
        jsonb_object_agg(reason, events) as reasons
    from quarantine_by_reason
    group by date
),

suppressed_by_reason as (
    select
        loads.date,
        suppressions.reason,
        sum(suppressions.events) as events
    from loads
    inner join {{ source('raw', 'suppressions') }} as suppressions
        on loads.load_id = suppressions.load_id
    where loads.suppressed > 0
    group by loads.date, suppressions.reason
),

suppression_reasons as (
    select
        date,
        jsonb_object_agg(reason, events) as reasons
    from suppressed_by_reason
    group by date
),

checks as (
    select
        {{ date_of('checked_at') }} as date,
        count(*) as expectations_checked,
        count(*) filter (where not is_success and severity = 'blocking') as expectations_failed,
        count(*) filter (where not is_success and severity = 'warning') as warnings
    from {{ source('ops', 'quality_results') }}
    where checked_at >= (select since.moment from since)
    group by {{ date_of('checked_at') }}
),

days as (
    select date from ledger
    union
    select date from quarantine_reasons
    union
    select date from checks
),

final as (
    select
        days.date,
        coalesce(ledger.loads, 0) as loads,
        coalesce(ledger.received, 0) as received,
        coalesce(ledger.stored, 0) as stored,
        coalesce(ledger.duplicate, 0) as duplicate,
        coalesce(ledger.quarantined, 0) as quarantined,
        coalesce(ledger.suppressed, 0) as suppressed,
        coalesce(quarantine_reasons.reasons, '{}'::jsonb) as quarantine_reasons,
        coalesce(suppression_reasons.reasons, '{}'::jsonb) as suppression_reasons,
        coalesce(checks.expectations_checked, 0) as expectations_checked,
        coalesce(checks.expectations_failed, 0) as expectations_failed,
        coalesce(checks.warnings, 0) as warnings
    from days
    left join ledger on days.date = ledger.date
    left join quarantine_reasons on days.date = quarantine_reasons.date
    left join suppression_reasons on days.date = suppression_reasons.date
    left join checks on days.date = checks.date
)

select * from final
