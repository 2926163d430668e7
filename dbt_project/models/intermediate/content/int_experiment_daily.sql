{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'experiment_id': 'key', 'exposed_date': 'date'},
        'where': grain_is('experiment_day'),
    },
) }}

with

participants as (
    select * from {{ ref('int_participants') }}
    where {{ only_touched(
        ['experiment_id', 'exposed_date'],
        ref('int_touched_grains'), ['key', 'date'], grain_is('experiment_day')
    ) }}
),

final as (
    select
        experiment_id,
        variant,
        exposed_date,
        count(*) as participants,
        count(*) filter (where conversions > 0) as converted,
        sum(conversions)::bigint as conversions,
        sum(value)::numeric(38, 9) as value,
        sum(value * value)::numeric(60, 18) as squared_value,
        min(first_currency) as first_currency,
        max(last_currency) as last_currency
    from participants
    group by experiment_id, variant, exposed_date
)

select * from final
