{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': {'visitor_id': 'visitor_id'}},
    indexes=[{'columns': ['visitor_id']}, {'columns': ['community_id', 'last_active_date']}],
) }}

with

days as (
    select * from {{ ref('int_community_visitor_days') }}
    where {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

final as (
    select
        community_id,
        visitor_id,
        (array_agg(is_member order by occurred_date desc))[1] as is_member,
        max(occurred_date) filter (where member_change > 0) as joined_date,
        max(occurred_date) filter (where member_change < 0) as left_date,
        min(occurred_date) as first_active_date,
        max(occurred_date) as last_active_date,
        count(*) as active_days,
        sum(events)::bigint as total_events
    from days
    group by community_id, visitor_id
)

select * from final
