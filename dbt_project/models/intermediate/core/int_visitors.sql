{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    indexes=[{'columns': ['first_date']}],
) }}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where
        is_visitor_known
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

final as (
    select
        visitor_id,
        bool_or(is_user) as is_user,
        min(occurred_date) as first_date,
        max(occurred_date) as last_date
    from activity
    group by visitor_id
)

select * from final
