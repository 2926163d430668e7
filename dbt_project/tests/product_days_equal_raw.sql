{#- Every settled event about a product is counted on its day, and a product's totals are those of its
    days. Reads all of raw: for the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

events as (
    select
        events.*,
        events.category || '/' || events.event_type as name
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where
        loads.state = 'settled'
        and events.entity_type = 'product'
        and events.entity_id is not null
),

settled as (
    select
        entity_id as product_id,
        occurred_date as date,
        count(*) as events,
        count(*) filter (where name in ('product/view', 'user/product_view')) as views,
        count(*) filter (where name = 'product/purchase') as purchases,
        -- who counts as one visitor by now may have been several for their senders
        count(distinct visitor_id) filter (where is_visitor_known) as unique_senders
    from events
    group by entity_id, occurred_date
),

days as (
    select * from {{ ref('product_daily') }}
),

differing_days as (
    select
        coalesce(settled.product_id, days.product_id) as product_id,
        coalesce(settled.date, days.date) as date
    from settled
    full outer join days on settled.product_id = days.product_id and settled.date = days.date
    where
        settled.events is distinct from days.events
        or settled.views is distinct from days.views
        or settled.purchases is distinct from days.purchases
        or settled.unique_senders < days.unique_visitors
),

totals as (
    select
        product_id,
        sum(views) as total_views,
        sum(purchases) as total_sales
    from days
    group by product_id
),

differing_totals as (
    select
        coalesce(totals.product_id, metrics.product_id) as product_id,
        null::date as date
    from totals
    full outer join {{ ref('product_metrics') }} as metrics on totals.product_id = metrics.product_id
    where
        totals.total_views is distinct from metrics.total_views
        or totals.total_sales is distinct from metrics.total_sales
)

select * from differing_days
union all
select * from differing_totals
