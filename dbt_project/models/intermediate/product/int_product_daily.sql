{{ config(touched=touched_product_days()) }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        entity_type = 'product'
        and entity_id is not null
        and {{ only_touched(
            ['entity_id', 'occurred_date'],
            ref('int_touched_entity_days'), where=touched_product_days()['where']
        ) }}
),

earned as (
    select
        entity_id,
        occurred_date,
        coalesce(currency, '{{ unknown() }}') as currency,
        trim_scale(sum(value)) as revenue
    from events
    where {{ is_product_action('purchase') }} and value is not null
    group by entity_id, occurred_date, coalesce(currency, '{{ unknown() }}')
),

revenues as (
    select
        entity_id,
        occurred_date,
        jsonb_object_agg(currency, revenue) as revenue
    from earned
    group by entity_id, occurred_date
),

counted as (
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
        count(*) filter (where {{ is_product_action('review') }}) as reviews,
        coalesce(
            sum(coalesce(quantity, 1)) filter (where {{ is_product_action('purchase') }}), 0
        )::numeric(38, 3) as units_sold,
        {{ last_value('product_name') }} as product_name,
        max(occurred_at) as last_occurred_at
    from events
    group by entity_id, occurred_date
),

final as (
    select
        counted.*,
        coalesce(revenues.revenue, '{}'::jsonb) as revenue
    from counted
    left join revenues
        on
            counted.entity_id = revenues.entity_id
            and counted.occurred_date = revenues.occurred_date
)

select * from final
