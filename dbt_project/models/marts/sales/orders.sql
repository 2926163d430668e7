{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'order_id': 'entity_id'},
        'where': touched_orders()['where'],
    },
    indexes=[{'columns': ['order_date']}, {'columns': ['user_id', 'placed_at']}],
) }}

with

lives as (
    select * from {{ ref('int_orders') }}
    where {{ only_touched(
        ['order_id'], ref('int_touched_entity_days'), ['entity_id'], touched_orders()['where']
    ) }}
),

final as (
    select
        order_id,
        status,
        user_id,
        visitor_id,
        order_date,
        placed_at,
        currency,
        total,
        items_count,
        payment_method,
        is_cancelled,
        is_sale,
        payment_failures,
        refunds,
        refunded,
        case when is_sale then total - refunded else 0 end as net_total,
        reason,
        created_at,
        payment_started_at,
        payment_failed_at,
        payment_completed_at,
        confirmed_at,
        shipped_at,
        delivered_at,
        cancelled_at,
        refunded_at,
        last_event_at
    from lives
)

select * from final
