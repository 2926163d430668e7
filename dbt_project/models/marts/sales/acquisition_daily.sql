{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'date': 'date'},
        'where': grain_is('acquisition'),
    },
    indexes=[{'columns': ['date']}],
) }}

with

ways as (
    select
        *,
        (channel, occurred_date) as way
    from {{ ref('int_acquisition_daily') }}
    where {{ only_touched(
        ['occurred_date'], ref('int_touched_grains'), ['date'], grain_is('acquisition')
    ) }}
),

visits as (
    select
        channel,
        occurred_date,
        way,
        sum(visits)::bigint as visits,
        sum(new_visitors)::bigint as new_visitors,
        sum(bounces)::bigint as bounces,
        sum(page_views)::bigint as page_views
    from ways
    group by channel, occurred_date, way
),

{{ attributed_by('ways', 'way') }},

final as (
    select
        visits.channel,
        visits.occurred_date as date,
        visits.visits,
        visits.new_visitors,
        {{ percentage('visits.bounces', 'visits.visits') }} as bounce_rate,
        visits.page_views,
        {% for column in attributed_columns().split() -%}
            attributed.{{ column }},
        {% endfor -%}
        attributed.value_currency,
        attributed.values_by_currency
    from visits
    inner join attributed on visits.way = attributed.way
)

select * from final
