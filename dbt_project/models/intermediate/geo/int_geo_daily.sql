{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key', 'occurred_date': 'date'},
        'where': grain_is('geo_day'),
    },
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
        occurred_date,
        sum(attempts)::bigint as total_attempts,
        coalesce(sum(attempts) filter (where result = 'blocked'), 0)::bigint as blocked_attempts,
        coalesce(sum(attempts) filter (where result <> 'blocked'), 0)::bigint as allowed_attempts,
        coalesce(sum(attempts) filter (where result = 'bypassed'), 0)::bigint as bypassed_attempts,
        sum(traveler_attempts)::bigint as traveler_attempts,
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors,
        count(distinct visitor_id) filter (where is_visitor_known and result = 'blocked') as blocked_visitors
    from attempts
    group by community_id, occurred_date
)

select * from final
