{#- Always built whole: a few rows a day are little, and growth and empty days look beyond the day. -#}

with

days as (
    select
        occurred_date as date,
        currency,
        sum(orders)::bigint as orders,
        sum(cancelled_orders)::bigint as cancelled_orders,
        sum(sales)::bigint as sales,
        sum(sales_with_total)::bigint as sales_with_total,
        sum(revenue) as revenue,
        sum(refunds) as refunds,
        sum(orders_paid)::bigint as orders_paid,
        sum(orders_confirmed)::bigint as orders_confirmed,
        sum(orders_shipped)::bigint as orders_shipped,
        sum(orders_delivered)::bigint as orders_delivered,
        sum(orders_cancelled)::bigint as orders_cancelled,
        sum(orders_refunded)::bigint as orders_refunded
    from {{ ref('int_sales_daily') }}
    group by occurred_date, currency
),

currencies as (
    select
        currency,
        min(date) as first_date,
        max(max(date)) over () as last_date
    from days
    group by currency
),

calendar as (
    select
        currency,
        generate_series(first_date, last_date, interval '1 day')::date as date
    from currencies
),

filled as (
    select
        calendar.date,
        calendar.currency,
        coalesce(days.orders, 0) as orders,
        coalesce(days.cancelled_orders, 0) as cancelled_orders,
        coalesce(days.sales, 0) as sales,
        coalesce(days.revenue, 0)::numeric(38, 4) as revenue,
        coalesce(days.refunds, 0)::numeric(38, 4) as refunds,
        coalesce(days.revenue - days.refunds, 0)::numeric(38, 4) as net_revenue,
        (days.revenue / nullif(days.sales_with_total, 0))::numeric(38, 2) as average_order_value,
        coalesce(days.orders_paid, 0) as orders_paid,
        coalesce(days.orders_confirmed, 0) as orders_confirmed,
        coalesce(days.orders_shipped, 0) as orders_shipped,
        coalesce(days.orders_delivered, 0) as orders_delivered,
        coalesce(days.orders_cancelled, 0) as orders_cancelled,
        coalesce(days.orders_refunded, 0) as orders_refunded
    from calendar
    left join days on calendar.date = days.date and calendar.currency = days.currency
),

final as (
    select
        *,
        {{ growth('revenue', 'lag(revenue) over each_currency') }} as revenue_growth_day,
        {{ growth('revenue', 'lag(revenue, 7) over each_currency') }} as revenue_growth_week
    from filled
    window each_currency as (partition by currency order by date)
)

select * from final
