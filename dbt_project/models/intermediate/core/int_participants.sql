{#- Who takes part in which experiment, in the variant first seen, and what each did after that. -#}
{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    changes=[{
        'grain': 'experiment_day',
        'columns': ['visitor_id', 'experiment_id', 'variant', 'exposed_date', 'conversions', 'value',
            'first_currency', 'last_currency'],
        'key': 'experiment_id',
        'date': 'exposed_date',
    }],
    indexes=[{'columns': ['experiment_id', 'exposed_date']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        is_key_event
        and category = 'experiment'
        and entity_id is not null
        and is_visitor_known
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

exposures as (
    select distinct on (visitor_id, entity_id)
        visitor_id,
        entity_id,
        coalesce(variant, '{{ unknown() }}') as variant,
        occurred_at,
        event_id,
        occurred_date
    from events
    where event_type = 'exposure'
    order by visitor_id asc, entity_id asc, occurred_at asc, event_id asc
),

final as (
    select
        exposures.visitor_id,
        exposures.entity_id as experiment_id,
        exposures.variant,
        exposures.occurred_at as exposed_at,
        exposures.occurred_date as exposed_date,
        count(conversions.event_id) as conversions,
        coalesce(sum(conversions.value), 0)::numeric(38, 9) as value,
        min(coalesce(conversions.currency, '{{ unknown() }}')) filter (where conversions.value is not null)
            as first_currency,
        max(coalesce(conversions.currency, '{{ unknown() }}')) filter (where conversions.value is not null)
            as last_currency
    from exposures
    left join events as conversions
        on
            exposures.visitor_id = conversions.visitor_id
            and exposures.entity_id = conversions.entity_id
            and conversions.event_type = 'conversion'
            and (conversions.occurred_at, conversions.event_id) > (exposures.occurred_at, exposures.event_id)
    group by
        exposures.visitor_id,
        exposures.entity_id,
        exposures.variant,
        exposures.occurred_at,
        exposures.occurred_date
)

select * from final
