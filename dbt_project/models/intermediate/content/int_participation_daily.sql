{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'entity': 'key', 'occurred_date': 'date'},
        'where': grain_is('participation'),
    },
) }}

with

changes as (
    select * from {{ ref('int_memberships') }}
    where {{ only_touched(
        ['entity', 'occurred_date'],
        ref('int_touched_grains'), ['key', 'date'], grain_is('participation')
    ) }}
),

counted as (
    select
        *,
        sum(change) over (
            partition by entity, occurred_date order by occurred_at, event_id
        ) as change_so_far
    from changes
),

final as (
    select
        entity,
        occurred_date,
        entity_type,
        entity_id,
        count(*) filter (where change > 0) as joined,
        count(*) filter (where change < 0) as left_again,
        max(change_so_far)::bigint as highest_change
    from counted
    group by entity, occurred_date, entity_type, entity_id
)

select * from final
