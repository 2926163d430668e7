{{ config(materialized='view') }}

with

entity_days as (
    select * from {{ ref('int_touched_entity_days') }}
),

final as (
    select
        run_id,
        entity_id,
        occurred_date
    from entity_days
    where entity_type = 'product'
)

select * from final
