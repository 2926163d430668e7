{{ config(touched={'relation': 'int_touched_sales_days', 'keys': ['occurred_date']}) }}

with

order_events as (
    select * from {{ ref('int_order_events') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_sales_days')) }}
),

final as (
    select
        occurred_date,
        currency,
        payment_method,
        count(*) filter (where step = 1) as orders,
        count(*) filter (where step = 1 and is_cancelled) as cancelled_orders,
        count(*) filter (where step = 1 and is_sale) as sales,
        count(order_total) filter (where step = 1 and is_sale) as sales_with_total,
        coalesce(sum(order_total) filter (where step = 1 and is_sale), 0)::numeric(38, 9) as revenue,
        coalesce(sum(refunded) filter (where is_sale), 0)::numeric(38, 9) as refunds,
        count(*) filter (where event_type = 'payment_started') as payments_started,
        count(*) filter (where event_type = 'payment_completed') as payments_completed,
        count(*) filter (where event_type = 'payment_failed') as payments_failed,
        {{ orders_that_came_to('payment_completed') }} as orders_paid,
        {{ orders_that_came_to('confirmed') }} as orders_confirmed,
        {{ orders_that_came_to('shipped') }} as orders_shipped,
        {{ orders_that_came_to('delivered') }} as orders_delivered,
        {{ orders_that_came_to('cancelled') }} as orders_cancelled,
        {{ orders_that_came_to('refunded') }} as orders_refunded
    from order_events
    group by occurred_date, currency, payment_method
)

select * from final
