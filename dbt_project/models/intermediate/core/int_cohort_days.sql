{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'occurred_date': 'date'},
        'where': grain_is('cohort_day'),
    },
) }}

with

days as (
    select * from {{ ref('int_visitor_days') }}
    where {{ only_touched(
        ['occurred_date'], ref('int_touched_grains'), ['date'], grain_is('cohort_day')
    ) }}
),

final as (
    select
        occurred_date,
        first_date,
        count(*) as visitors,
        count(*) filter (where is_first_of_week) as visitors_first_of_week,
        count(*) filter (where is_first_of_month) as visitors_first_of_month
    from days
    group by occurred_date, first_date
)

select * from final
