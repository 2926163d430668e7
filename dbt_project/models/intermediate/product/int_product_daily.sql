{{ config(
    touched={'relation': 'int_touched_product_days', 'keys': ['entity_id', 'occurred_date']},
) }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        entity_type = 'product'
        and entity_id is not null
        and {{ only_touched(['entity_id', 'occurred_date'], ref('int_touched_product_days')) }}
),

final as (
    select
        entity_id,
        occurred_date,
        count(*) as events,
        count(*) filter (where {{ is_product_action('view') }}) as views,
        count(*) filter (where {{ is_product_action('click') }}) as clicks,
        count(*) filter (where {{ is_product_action('favorite') }}) as favorites,
        count(*) filter (where {{ is_product_action('unfavorite') }}) as unfavorites,
        count(*) filter (where {{ is_product_action('cart_add') }}) as cart_additions,
        count(*) filter (where {{ is_product_action('cart_remove') }}) as cart_removals,
        count(*) filter (where {{ is_product_action('purchase') }}) as purchases,
        coalesce(
            sum(coalesce(quantity, 1)) filter (where {{ is_product_action('purchase') }}), 0
        )::numeric(38, 3) as units_sold,
        {{ last_value('product_name') }} as product_name,
        max(occurred_at) as last_occurred_at
    from events
    group by entity_id, occurred_date
)

select * from final
