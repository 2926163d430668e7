{#-
  The life of each order, step by step, and on every step what the order as a whole says: its total,
  currency and payment method are those of the first event that names them.
-#}
{{ config(
    touched=touched_orders(),
    indexes=[{'columns': ['occurred_date']}],
) }}

with

events as (
    select
        *,
        {{ state_number('event_type') }} as state_number
    from {{ ref('int_events') }}
    where
        category = 'order'
        and entity_type = 'order'
        and entity_id is not null
        and {{ only_touched(
            ['entity_id'], ref('int_touched_entity_days'), where=touched_orders()['where']
        ) }}
),

-- of events at the same moment, the state that a life comes to first is the earlier
numbered as (
    select
        *,
        row_number() over (
            partition by entity_id order by occurred_at, state_number, event_id
        ) as step,
        row_number() over (
            partition by entity_id, event_type order by occurred_at, event_id
        ) = 1 as is_first_of_its_type
    from events
    where state_number is not null
),

orders as (
    select
        entity_id,
        {{ first_value('value', 'step', "event_type <> 'refunded'") }}::numeric(38, 9) as order_total,
        coalesce(
            {{ first_value('currency', 'step', "event_type <> 'refunded' and value is not null") }},
            {{ first_value('currency', 'step') }},
            '{{ unknown() }}'
        ) as order_currency,
        coalesce({{ first_value('payment_method', 'step') }}, '{{ unknown() }}') as order_payment_method,
        bool_or(event_type = 'cancelled') as is_cancelled,
        {{ last_value('event_type', 'step desc', "event_type like 'payment%'") }} as payment_state
    from numbered
    group by entity_id
),

final as (
    select
        numbered.entity_id,
        numbered.step,
        numbered.event_id,
        numbered.event_type,
        numbered.is_first_of_its_type,
        numbered.occurred_at,
        numbered.occurred_date,
        numbered.visitor_id,
        numbered.is_visitor_known,
        numbered.user_id,
        orders.order_total,
        orders.order_currency,
        case
            when numbered.event_type = 'refunded' then coalesce(numbered.currency, orders.order_currency)
            else orders.order_currency
        end as currency,
        coalesce(numbered.payment_method, orders.order_payment_method) as payment_method,
        numbered.items_count,
        numbered.reason,
        case
            when numbered.event_type <> 'refunded' then null
            when numbered.value is null and numbered.is_first_of_its_type then orders.order_total
            else numbered.value
        end::numeric(38, 9) as refunded,
        orders.is_cancelled,
        not orders.is_cancelled and coalesce(orders.payment_state, '') <> 'payment_failed' as is_sale
    from numbered
    inner join orders on numbered.entity_id = orders.entity_id
)

select * from final
