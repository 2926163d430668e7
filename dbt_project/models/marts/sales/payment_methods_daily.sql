{{ config(
    touched={'relation': 'int_touched_sales_days', 'keys': {'date': 'occurred_date'}},
    indexes=[{'columns': ['date']}],
) }}

with

days as (
    select * from {{ ref('int_sales_daily') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_sales_days')) }}
),

final as (
    select
        occurred_date as date,
        payment_method,
        currency,
        orders,
        cancelled_orders,
        sales,
        revenue::numeric(38, 4) as revenue,
        refunds::numeric(38, 4) as refunds,
        payments_started,
        payments_completed,
        payments_failed,
        {{ percentage('payments_failed', 'payments_completed + payments_failed') }} as failure_rate
    from days
)

select * from final
