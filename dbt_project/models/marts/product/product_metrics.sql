{{ config(
    touched={
        'relation': 'int_touched_product_days',
        'keys': {'product_id': 'entity_id'},
    },
) }}

with

product_days as (
    select * from {{ ref('int_product_daily') }}
    where {{ only_touched(['entity_id'], ref('int_touched_product_days')) }}
),

totals as (
    select
        entity_id as product_id,
        (array_agg(product_name order by occurred_date desc) filter (where product_name is not null))[1]
            as product_name,
        sum(views)::bigint as total_views,
        sum(clicks)::bigint as total_clicks,
        (sum(favorites) - sum(unfavorites))::bigint as total_favorites,
        sum(cart_additions)::bigint as total_cart_additions,
        sum(cart_removals)::bigint as total_cart_removals,
        sum(purchases)::bigint as total_sales,
        sum(units_sold) as total_units_sold,
        max(last_occurred_at) as last_updated
    from product_days
    group by entity_id
),

final as (
    select
        product_id,
        product_name,
        total_views,
        total_clicks,
        total_favorites,
        total_cart_additions,
        total_cart_removals,
        total_sales,
        total_units_sold,
        {{ percentage('total_clicks', 'total_views') }} as view_to_click_rate,
        {{ percentage('total_cart_additions', 'total_clicks') }} as click_to_cart_rate,
        {{ percentage('total_sales', 'total_cart_additions') }} as cart_to_purchase_rate,
        last_updated
    from totals
)

select * from final
