{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': {'date': 'occurred_date'}},
    indexes=[{'columns': ['date']}],
) }}

with

searches as (
    select * from {{ ref('int_discoveries') }}
    where
        kind = 'search'
        and {{ only_touched(['occurred_date'], ref('int_touched_visitor_days')) }}
),

counted as (
    select
        subject as search_term,
        occurred_date as date,
        count(*) as searches,
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors,
        count(*) filter (where search_results = 0) as no_result_searches,
        avg(search_results) as avg_results,
        count(*) filter (where led_to_product) as searches_with_product,
        count(*) filter (where led_to_purchase) as searches_with_purchase
    from searches
    group by subject, occurred_date
),

final as (
    select
        search_term,
        date,
        searches,
        unique_visitors,
        no_result_searches,
        {{ percentage('no_result_searches', 'searches') }} as no_result_rate,
        avg_results::numeric(38, 1) as avg_results,
        searches_with_product,
        {{ percentage('searches_with_product', 'searches') }} as click_through_rate,
        searches_with_purchase,
        {{ percentage('searches_with_purchase', 'searches') }} as purchase_rate
    from counted
)

select * from final
