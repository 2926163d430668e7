{{ config(touched=touched_entities('participation'), indexes=[{'columns': ['reached_at']}]) }}

with

days as (
    select * from {{ ref('int_participation_daily') }}
    where {{ only_touched(['entity'], ref('int_touched_grains'), ['key'], grain_is('participation')) }}
),

thresholds as (
    select unnest(array{{ milestones() }}) as threshold
),

running as (
    select
        *,
        sum(joined - left_again) over (partition by entity order by occurred_date)
        - (joined - left_again) as participants_before,
        min(occurred_date) over (partition by entity) as first_date
    from days
),

reached as (
    select
        running.entity,
        thresholds.threshold,
        min(running.occurred_date) as reached_date
    from running
    inner join thresholds on thresholds.threshold <= running.participants_before + running.highest_change
    group by running.entity, thresholds.threshold
),

-- moment by moment on the days alone on which a threshold was reached
moments as (
    select
        changes.entity,
        changes.occurred_date,
        changes.occurred_at,
        running.entity_type,
        running.entity_id,
        running.first_date,
        running.participants_before + sum(changes.change) over (
            partition by changes.entity, changes.occurred_date order by changes.occurred_at, changes.event_id
        ) as participants
    from {{ ref('int_memberships') }} as changes
    inner join running
        on changes.entity = running.entity and changes.occurred_date = running.occurred_date
    where exists (
        select 1 from reached
        where changes.entity = reached.entity and changes.occurred_date = reached.reached_date
    )
),

final as (
    select
        moments.entity_type,
        moments.entity_id,
        reached.threshold,
        min(moments.occurred_at) as reached_at,
        reached.reached_date,
        reached.reached_date - moments.first_date as days_to_reach
    from reached
    inner join moments
        on
            reached.entity = moments.entity
            and reached.reached_date = moments.occurred_date
            and reached.threshold <= moments.participants
    group by
        moments.entity_type, moments.entity_id, reached.threshold, reached.reached_date, moments.first_date
)

select * from final
