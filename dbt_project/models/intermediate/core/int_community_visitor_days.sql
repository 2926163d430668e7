{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    changes=[{
        'grain': 'community_day',
        'columns': ['visitor_id', 'community_id', 'occurred_date', 'is_first', 'is_member',
            'member_change', 'counts_until'],
        'key': 'community_id',
        'date': 'unnest(array[occurred_date, counts_until])',
    }],
    indexes=[{'columns': ['community_id', 'occurred_date']}, {'columns': ['community_id', 'counts_until']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

hours as (
    select * from {{ ref('int_community_visitor_hourly') }}
    where
        is_visitor_known
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

days as (
    select
        visitor_id,
        community_id,
        occurred_date,
        sum(events)::bigint as events,
        (array_agg(has_joined order by occurred_hour desc) filter (where has_joined is not null))[1]
            as has_joined
    from hours
    group by visitor_id, community_id, occurred_date
),

numbered as (
    select
        *,
        lag(occurred_date) over history is null as is_first,
        lead(occurred_date) over history as next_date,
        count(has_joined) over history as state_number
    from days
    window history as (partition by visitor_id, community_id order by occurred_date)
),

-- a join or a leave holds until the next
with_state as (
    select
        *,
        coalesce(
            bool_or(has_joined) over (partition by visitor_id, community_id, state_number), false
        ) as is_member
    from numbered
),

final as (
    select
        visitor_id,
        community_id,
        occurred_date,
        events,
        is_first,
        is_member,
        is_member::int - coalesce(
            lag(is_member) over (partition by visitor_id, community_id order by occurred_date), false
        )::int as member_change,
        least(next_date, occurred_date + {{ community_active_days() }}) as counts_until
    from with_state
)

select * from final
