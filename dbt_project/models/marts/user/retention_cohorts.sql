{#- Always built whole: the end of the data moves on every day, and with it which periods are complete. -#}

with

days as (
    select * from {{ ref('int_cohort_days') }}
),

last_day as (
    select max(occurred_date) as last_date from days
),

{% for period in retention_periods() %}
    {{ period.name }}_activity as (
        select
            date_trunc('{{ period.name }}', first_date)::date as cohort_date,
            date_trunc('{{ period.name }}', occurred_date)::date as active_from,
            sum({{ period.visitors }})::bigint as active_visitors,
            sum(visitors) filter (where occurred_date = first_date) as new_visitors
        from days
        group by date_trunc('{{ period.name }}', first_date), date_trunc('{{ period.name }}', occurred_date)
    ),

    {{ period.name }}_cohorts as (
        select
            '{{ period.name }}' as period,
            cohorts.cohort_date,
            numbers.n,
            (cohorts.cohort_date + numbers.n * interval '1 {{ period.name }}')::date as active_from,
            (cohorts.cohort_date + (numbers.n + 1) * interval '1 {{ period.name }}')::date as active_until,
            cohorts.new_visitors::bigint as cohort_size
        from {{ period.name }}_activity as cohorts
        cross join generate_series(0, {{ period.last }}) as numbers (n)
        where cohorts.cohort_date = cohorts.active_from
    ),

    {{ period.name }}_retention as (
        select
            cohorts.*,
            coalesce(activity.active_visitors, 0) as active_visitors
        from {{ period.name }}_cohorts as cohorts
        left join {{ period.name }}_activity as activity
            on cohorts.cohort_date = activity.cohort_date and cohorts.active_from = activity.active_from
    ),
{% endfor %}

unioned as (
    {% for period in retention_periods() %}
        select * from {{ period.name }}_retention
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

final as (
    select
        unioned.period,
        unioned.cohort_date,
        unioned.n,
        unioned.active_from,
        unioned.cohort_size,
        unioned.active_visitors,
        unioned.active_until <= last_day.last_date as is_complete,
        case
            when unioned.active_until <= last_day.last_date
                then {{ percentage('unioned.active_visitors', 'unioned.cohort_size') }}
        end as retention_rate
    from unioned
    cross join last_day
    where unioned.active_from <= last_day.last_date
)

select * from final
