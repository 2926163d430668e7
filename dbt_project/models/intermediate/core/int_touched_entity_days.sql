{#- Which entities' days a core run touched. Kept as int_touched_visitor_days is. -#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['run_id']}],
) }}

with

claimed as (
    select * from {{ ref('int_claimed_events') }}
    where entity_id is not null
),

final as (
    select distinct
        {{ var('run_id') }}::bigint as run_id,
        entity_type,
        entity_id,
        occurred_date
    from claimed
)

select * from final
