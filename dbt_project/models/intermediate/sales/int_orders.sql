{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'order_id': 'entity_id'},
        'where': touched_orders()['where'],
    },
    indexes=[{'columns': ['user_id']}],
) }}

with

order_events as (
    select * from {{ ref('int_order_events') }}
    where {{ only_touched(
        ['entity_id'], ref('int_touched_entity_days'), where=touched_orders()['where']
    ) }}
),

final as (
    select
        entity_id as order_id,
        {{ last_value('event_type', 'step desc') }} as status,
        {{ first_value('user_id', 'step') }} as user_id,
        {{ first_value('visitor_id', 'step', 'is_visitor_known') }} as visitor_id,
        {{ first_value('occurred_date', 'step') }} as order_date,
        min(occurred_at) as placed_at,
        min(order_currency) as currency,
        min(order_total)::numeric(38, 4) as total,
        {{ first_value('items_count', 'step') }}::bigint as items_count,
        {{ first_value('payment_method', 'step') }} as payment_method,
        bool_or(is_cancelled) as is_cancelled,
        bool_or(is_sale) as is_sale,
        count(*) filter (where event_type = 'payment_failed') as payment_failures,
        count(*) filter (where event_type = 'refunded') as refunds,
        coalesce(sum(refunded) filter (where currency = order_currency), 0)::numeric(38, 4) as refunded,
        {{ last_value('reason', 'step desc') }} as reason,
        {{ came_to('created') }} as created_at,
        {{ came_to('payment_started') }} as payment_started_at,
        {{ came_to('payment_failed') }} as payment_failed_at,
        {{ came_to('payment_completed') }} as payment_completed_at,
        {{ came_to('confirmed') }} as confirmed_at,
        {{ came_to('shipped') }} as shipped_at,
        {{ came_to('delivered') }} as delivered_at,
        {{ came_to('cancelled') }} as cancelled_at,
        {{ came_to('refunded') }} as refunded_at,
        max(occurred_at) as last_event_at
    from order_events
    group by entity_id
)

select * from final
