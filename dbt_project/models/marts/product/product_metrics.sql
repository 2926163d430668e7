{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'product_id': 'entity_id'},
        'where': touched_product_days()['where'],
    },
) }}

with

product_days as (
    select * from {{ ref('int_product_daily') }}
    where {{ only_touched(
        ['entity_id'], ref('int_touched_entity_days'), where=touched_product_days()['where']
    ) }}
),

revenues as (
    {{ sum_by_currency('product_days', 'revenue', ['entity_id']) }}
),

totals as (
    select
        entity_id,
        (array_agg(product_name order by occurred_date desc) filter (where product_name is not null))[1]
            as product_name,
        sum(views)::bigint as total_views,
        sum(clicks)::bigint as total_clicks,
        sum(favorites)::bigint as favorites,
        sum(unfavorites)::bigint as unfavorites,
        sum(cart_additions)::bigint as total_cart_additions,
        sum(cart_removals)::bigint as total_cart_removals,
        sum(purchases)::bigint as total_sales,
        sum(reviews)::bigint as total_reviews,
        sum(units_sold)::numeric(38, 3) as total_units_sold,
        max(last_occurred_at) as last_updated
    from product_days
    group by entity_id
),

final as (
    select
        totals.entity_id as product_id,
        totals.product_name,
        totals.total_views,
        totals.total_clicks,
        totals.favorites,
        totals.unfavorites,
        totals.favorites - totals.unfavorites as total_favorites,
        totals.total_cart_additions,
        totals.total_cart_removals,
        totals.total_sales,
        totals.total_reviews,
        totals.total_units_sold,
        coalesce(revenues.revenue, '{}'::jsonb) as revenue,
        {{ percentage('totals.total_clicks', 'totals.total_views') }} as view_to_click_rate,
        {{ percentage('totals.total_cart_additions', 'totals.total_clicks') }} as click_to_cart_rate,
        {{ percentage('totals.total_sales', 'totals.total_cart_additions') }} as cart_to_purchase_rate,
        {{ percentage('totals.total_sales', 'totals.total_views') }} as view_to_purchase_rate,
        totals.last_updated
    from totals
    left join revenues on totals.entity_id = revenues.entity_id
)

select * from final
