{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': {'date': 'occurred_date'}},
    indexes=[{'columns': ['date']}],
) }}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where {{ only_touched(['occurred_date'], ref('int_touched_visitor_days')) }}
),

final as (
    select
        category,
        event_type,
        occurred_date as date,
        sum(events)::bigint as events,
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors,
        count(distinct visitor_id) filter (where is_user) as unique_users
    from activity
    group by category, event_type, occurred_date
)

select * from final
