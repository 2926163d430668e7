{{ config(touched=touched_entities('participation'), indexes=[{'columns': ['date']}]) }}

with

days as (
    select * from {{ ref('int_participation_daily') }}
    where {{ only_touched(['entity'], ref('int_touched_grains'), ['key'], grain_is('participation')) }}
),

calendar as (
    select
        entity_type,
        entity_id,
        generate_series(min(occurred_date), max(occurred_date), interval '1 day')::date as date
    from days
    group by entity_type, entity_id
),

final as (
    select
        calendar.entity_type,
        calendar.entity_id,
        calendar.date,
        coalesce(days.joined, 0) as joined,
        coalesce(days.left_again, 0) as left_again,
        coalesce(days.joined - days.left_again, 0) as net_participants,
        (sum(days.joined - days.left_again) over (
            partition by calendar.entity_type, calendar.entity_id order by calendar.date
        ))::bigint as participants
    from calendar
    left join days
        on
            calendar.entity_type = days.entity_type
            and calendar.entity_id = days.entity_id
            and calendar.date = days.occurred_date
)

select * from final
