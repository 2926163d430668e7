{{ config(
    touched={'relation': 'int_touched_customers', 'keys': {'user_id': 'user_id'}},
    indexes=[{'columns': ['last_order_date']}],
) }}

{%- set touched_customers = ref('int_touched_customers') %}

with

sales as (
    select
        *,
        total as value
    from {{ ref('int_orders') }}
    where is_sale and user_id is not null and {{ only_touched(['user_id'], touched_customers) }}
),

activity as (
    select * from {{ ref('int_visitors') }}
    where {{ only_touched(['visitor_id'], touched_customers, ['user_id']) }}
),

revenues as (
    {{ value_by_currency('sales', 'revenues', ['user_id'], 'true') }}
),

totals as (
    select
        user_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) as orders,
        count(total) as orders_with_total,
        count(distinct order_date) as order_days
    from sales
    group by user_id
),

counted as (
    select
        totals.*,
        coalesce(revenues.revenues, '{}'::jsonb) as revenues,
        activity.last_date
    from totals
    left join revenues on totals.user_id = revenues.user_id
    left join activity on totals.user_id = activity.visitor_id
),

final as (
    select
        user_id,
        first_order_date,
        last_order_date,
        orders,
        order_days,
        ({{ only_amount('revenues') }})::numeric(38, 4) as revenue,
        {{ only_currency('revenues') }} as currency,
        revenues,
        ({{ only_amount('revenues') }} / nullif(orders_with_total, 0))::numeric(38, 2) as average_order_value,
        order_days - 1 as frequency,
        last_order_date - first_order_date as recency_days,
        greatest(last_date, last_order_date) - first_order_date as age_days
    from counted
)

select * from final
