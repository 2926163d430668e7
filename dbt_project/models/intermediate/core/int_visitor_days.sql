{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    changes=[
        {
            'grain': 'active_day',
            'columns': ['visitor_id', 'occurred_date', 'first_date', 'counts_until_7d', 'counts_until_28d'],
            'date': 'unnest(array[occurred_date, counts_until_7d, counts_until_28d])',
        },
        {
            'grain': 'cohort_day',
            'columns': ['visitor_id', 'occurred_date', 'first_date', 'is_first_of_week', 'is_first_of_month'],
            'date': 'occurred_date',
        },
    ],
    indexes=[
        {'columns': ['occurred_date']},
        {'columns': ['counts_until_7d']},
        {'columns': ['counts_until_28d']},
    ],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

days as (
    select distinct
        visitor_id,
        occurred_date
    from {{ ref('int_visitor_daily') }}
    where
        is_visitor_known
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

neighboured as (
    select
        *,
        min(occurred_date) over history as first_date,
        lag(occurred_date) over history as previous_date,
        lead(occurred_date) over history as next_date
    from days
    window history as (partition by visitor_id order by occurred_date)
),

final as (
    select
        visitor_id,
        occurred_date,
        first_date,
        coalesce(previous_date < date_trunc('week', occurred_date)::date, true) as is_first_of_week,
        coalesce(previous_date < date_trunc('month', occurred_date)::date, true) as is_first_of_month,
        least(next_date, occurred_date + 7) as counts_until_7d,
        least(next_date, occurred_date + 28) as counts_until_28d
    from neighboured
)

select * from final
