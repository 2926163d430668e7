{#-
  How visitors came upon products, and what followed on the same day. What follows is looked up by
  running minima from the end of the day: one pass, however much a visitor did.
-#}
{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id', 'occurred_date']},
    indexes=[{'columns': ['occurred_date', 'kind']}],
) }}

{%- set touched_days = ref('int_touched_visitor_days') %}

with

{% if is_incremental() %}
    touched as (
        {{ touched_keys(touched_days, ['visitor_id', 'occurred_date']) }}
    ),

    events as (
        select events.*
        from {{ ref('int_events') }} as events
        inner join touched
            on
                events.visitor_id = touched.visitor_id
                and events.occurred_at >= {{ day_start('touched.occurred_date') }}
                and events.occurred_at < {{ day_end('touched.occurred_date') }}
    ),
{% else %}
    events as (
        select * from {{ ref('int_events') }}
    ),
{% endif %}

steps as (
    select
        visitor_id,
        is_visitor_known,
        occurred_date,
        occurred_at,
        event_id,
        case
            when search_term is not null then 'search'
            when category = 'recommendation' then event_type
        end as kind,
        coalesce(search_term, surface, '{{ unknown() }}') as subject,
        search_results,
        case when {{ is_product_action('purchase') }} then occurred_at end as purchased_at,
        case
            when {{ is_product_action('view') }} or {{ is_product_action('click') }} then occurred_at
        end as looked_at,
        case when search_term is not null then occurred_at end as searched_at,
        coalesce(recommended_product_id, case when entity_type = 'product' then entity_id end)
            as product_id
    from events
    where
        search_term is not null
        or category = 'recommendation'
        or {{ is_product_action('view') }}
        or {{ is_product_action('click') }}
        or {{ is_product_action('purchase') }}
),

followed as (
    select
        *,
        min(looked_at) over after_it as next_look_at,
        min(purchased_at) over after_it as next_purchase_at,
        min(purchased_at) over after_it_with_product as next_purchase_of_product_at,
        min(searched_at) over after_it as next_search_at
    from steps
    window
        after_it as (
            partition by visitor_id, occurred_date
            order by occurred_at desc, event_id desc
            rows between unbounded preceding and 1 preceding
        ),
        after_it_with_product as (
            partition by visitor_id, occurred_date, product_id
            order by occurred_at desc, event_id desc
            rows between unbounded preceding and 1 preceding
        )
),

final as (
    select
        visitor_id,
        occurred_at,
        event_id,
        occurred_date,
        kind,
        subject,
        is_visitor_known,
        search_results,
        kind = 'search'
        and next_look_at is not null
        and next_look_at <= coalesce(next_search_at, next_look_at) as led_to_product,
        case kind
            when 'search'
                then
                    next_purchase_at is not null
                    and next_purchase_at <= coalesce(next_search_at, next_purchase_at)
            when 'clicked'
                then product_id is not null and next_purchase_of_product_at is not null
            else false
        end as led_to_purchase
    from followed
    where kind is not null
)

select * from final
