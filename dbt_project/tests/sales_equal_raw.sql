{#- Every settled event of an order is in its life, and the revenue of each day is that of its orders.
    Reads all of raw: for the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select
        events.entity_id as order_id,
        min(events.occurred_at) as placed_at,
        max(events.occurred_at) as last_event_at,
        count(*) filter (where events.event_type = 'payment_failed') as payment_failures,
        count(*) filter (where events.event_type = 'refunded') as refunds
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where
        loads.state = 'settled'
        and events.category = 'order'
        and events.entity_type = 'order'
        and events.entity_id is not null
    group by events.entity_id
),

orders as (
    select * from {{ ref('orders') }}
),

differing_orders as (
    select coalesce(settled.order_id, orders.order_id) as what
    from settled
    full outer join orders on settled.order_id = orders.order_id
    where
        settled.placed_at is distinct from orders.placed_at
        or settled.last_event_at is distinct from orders.last_event_at
        or settled.payment_failures is distinct from orders.payment_failures
        or settled.refunds is distinct from orders.refunds
),

sold as (
    select
        order_date,
        currency,
        count(*) as orders,
        coalesce(sum(total) filter (where is_sale), 0) as revenue
    from orders
    group by order_date, currency
),

days as (
    select * from {{ ref('sales_daily') }}
    where orders > 0
),

differing_days as (
    select coalesce(sold.order_date, days.date)::text as what
    from sold
    full outer join days on sold.order_date = days.date and sold.currency = days.currency
    where
        sold.orders is distinct from days.orders
        -- a day's sum is rounded once, the totals one by one
        or abs(sold.revenue - days.revenue) > 0.0001 * sold.orders
),

methods as (
    select
        date,
        currency,
        sum(orders) as orders
    from {{ ref('payment_methods_daily') }}
    group by date, currency
),

differing_methods as (
    select coalesce(days.date, methods.date)::text as what
    from days
    full outer join methods on days.date = methods.date and days.currency = methods.currency
    where coalesce(days.orders, 0) <> coalesce(methods.orders, 0)
)

select * from differing_orders
union all
select * from differing_days
union all
select * from differing_methods
