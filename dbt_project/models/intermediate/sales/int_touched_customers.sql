{#- Whose orders may have changed: the users of touched orders, and whoever's events changed hands. -#}
{{ config(materialized='view') }}

with

touched_orders as (
    select * from {{ ref('int_touched_entity_days') }}
    where {{ touched_orders()['where'] }}
),

final as (
    select
        touched_orders.run_id,
        events.user_id
    from touched_orders
    inner join {{ ref('int_order_events') }} as events on touched_orders.entity_id = events.entity_id
    union all
    select
        run_id,
        visitor_id as user_id
    from {{ ref('int_touched_visitor_days') }}
)

select * from final
