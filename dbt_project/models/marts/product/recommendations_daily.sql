{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': {'date': 'occurred_date'}},
    indexes=[{'columns': ['date']}],
) }}

with

recommendations as (
    select * from {{ ref('int_discoveries') }}
    where
        kind in ('shown', 'clicked')
        and {{ only_touched(['occurred_date'], ref('int_touched_visitor_days')) }}
),

counted as (
    select
        subject as surface,
        occurred_date as date,
        count(*) filter (where kind = 'shown') as recommendations_shown,
        count(*) filter (where kind = 'clicked') as recommendations_clicked,
        count(*) filter (where led_to_purchase) as recommendations_purchased,
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors
    from recommendations
    group by subject, occurred_date
),

final as (
    select
        surface,
        date,
        recommendations_shown,
        recommendations_clicked,
        {{ percentage('recommendations_clicked', 'recommendations_shown') }} as click_through_rate,
        recommendations_purchased,
        {{ percentage('recommendations_purchased', 'recommendations_clicked') }} as purchase_rate,
        unique_visitors
    from counted
)

select * from final
