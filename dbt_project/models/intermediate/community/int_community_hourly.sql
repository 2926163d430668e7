{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'community_id': 'key', 'occurred_date': 'date'},
        'where': grain_is('community_day'),
    },
) }}

{%- set grains = ref('int_touched_grains') %}

with

{% if is_incremental() %}
    touched as (
        {{ touched_keys(grains, ['key', 'date'], grain_is('community_day')) }}
    ),

    visits as (
        select visits.*
        from {{ ref('int_community_visitor_hourly') }} as visits
        inner join touched on visits.community_id = touched.key and visits.occurred_date = touched.date
    ),

    visits_of_the_day_before as (
        select visits.*
        from {{ ref('int_community_visitor_hourly') }} as visits
        inner join touched on visits.community_id = touched.key and visits.occurred_date = touched.date - 1
    ),
{% else %}
    visits as (
        select * from {{ ref('int_community_visitor_hourly') }}
    ),

    visits_of_the_day_before as (
        select * from {{ ref('int_community_visitor_hourly') }}
    ),
{% endif %}

counted as (
    select
        community_id,
        occurred_hour,
        occurred_date,
        {% for column in community_counts() -%}
            sum({{ column }})::bigint as {{ column }},
        {% endfor -%}
        count(distinct visitor_id) filter (where is_visitor_known) as unique_visitors,
        sum(stays)::bigint as sessions,
        sum(stay_seconds) as session_seconds,
        sum(online_seconds) as online_seconds
    from visits
    group by community_id, occurred_hour, occurred_date
),

-- who was active in the last minutes of the day before is online at midnight
present as (
    select
        community_id,
        visitor_id,
        occurred_date,
        presence
    from visits
    where presence is not null
    union all
    select
        community_id,
        visitor_id,
        occurred_date + 1 as occurred_date,
        presence
    from visits_of_the_day_before
    where upper(presence) > {{ day_end('occurred_date') }}
),

spans as (
    select
        community_id,
        occurred_date,
        unnest(
            range_agg(presence)
            * tstzmultirange(tstzrange({{ day_start('occurred_date') }}, {{ day_end('occurred_date') }}))
        ) as span
    from present
    group by community_id, visitor_id, occurred_date
),

-- one comes where a span begins, one goes where it ends; nobody does at the full hour itself
arrivals as (
    select
        community_id,
        occurred_date,
        lower(span) as changed_at,
        1 as change
    from spans
),

departures as (
    select
        community_id,
        occurred_date,
        upper(span) as changed_at,
        -1 as change
    from spans
    where upper(span) < {{ day_end('occurred_date') }}
),

steps as (
    select * from arrivals
    union all
    select * from departures
),

full_hours as (
    select distinct
        community_id,
        occurred_date,
        {{ hour_of('changed_at') }} as changed_at,
        0 as change
    from steps
),

online as (
    select
        community_id,
        occurred_date,
        changed_at,
        sum(sum(change)) over (partition by community_id, occurred_date order by changed_at) as members
    from (
        select * from steps
        union all
        select * from full_hours
    ) as changes
    group by community_id, occurred_date, changed_at
),

peaks as (
    select
        community_id,
        {{ hour_of('changed_at') }} as occurred_hour,
        occurred_date,
        max(members)::bigint as peak_online_members
    from online
    group by community_id, {{ hour_of('changed_at') }}, occurred_date
),

final as (
    select
        coalesce(counted.community_id, peaks.community_id) as community_id,
        coalesce(counted.occurred_hour, peaks.occurred_hour) as occurred_hour,
        coalesce(counted.occurred_date, peaks.occurred_date) as occurred_date,
        {% for column in community_counts() + ['unique_visitors', 'sessions'] -%}
            coalesce(counted.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(counted.session_seconds, 0)::numeric(38, 3) as session_seconds,
        coalesce(counted.online_seconds, 0)::numeric(38, 3) as online_seconds,
        coalesce(peaks.peak_online_members, 0) as peak_online_members
    from counted
    full outer join peaks
        on counted.community_id = peaks.community_id and counted.occurred_hour = peaks.occurred_hour
)

select * from final
