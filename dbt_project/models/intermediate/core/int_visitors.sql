{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    indexes=[{'columns': ['first_date']}],
) }}

{%- set touched_days = ref('int_touched_visitor_days') %}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where
        is_visitor_known
        {% if is_incremental() %}
            and visitor_id in (
                {{ touched_keys(touched_days, ['visitor_id']) }}
            )
        {% endif %}
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
