{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key', 'date': 'date'},
        'where': grain_is('geo_day'),
    },
    indexes=[{'columns': ['date']}],
) }}

with

attempts as (
    select * from {{ ref('int_geo_visitor_daily') }}
    where {{ only_touched(
        ['community_id', 'occurred_date'],
        ref('int_touched_grains'), ['key', 'date'], grain_is('geo_day')
    ) }}
),

final as (
    select
        community_id,
        occurred_date as date,
        country,
        region,
        city,
        result,
        sum(attempts)::bigint as attempts,
        sum(traveler_attempts)::bigint as traveler_attempts,
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors
    from attempts
    group by community_id, occurred_date, country, region, city, result
)

select * from final
