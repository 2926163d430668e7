{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id', 'occurred_date']},
    changes=[{
        'grain': 'community_day',
        'columns': ['visitor_id', 'community_id', 'occurred_hour', 'occurred_date', 'is_visitor_known']
            + community_counts() + ['stays', 'stay_seconds', 'online_seconds', 'presence'],
        'key': 'community_id',
        'date': 'unnest(array[occurred_date, coalesce('
            ~ date_of("(upper(presence) - interval '1 microsecond')") ~ ', occurred_date)])',
    }],
    indexes=[{'columns': ['community_id', 'occurred_date']}, {'columns': ['occurred_date']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

{%- set touched_days = ref('int_touched_visitor_days') %}

with

{% if is_incremental() %}
    touched as (
        {{ touched_keys(touched_days, ['visitor_id', 'occurred_date']) }}
    ),

    -- with what came shortly before the day: who was there then has not just arrived
    events as (
        select
            events.*,
            touched.occurred_date as touched_date
        from {{ ref('int_events') }} as events
        inner join touched
            on
                events.visitor_id = touched.visitor_id
                and events.occurred_at >= {{ day_start('touched.occurred_date') }} - {{ session_timeout() }}
                and events.occurred_at < {{ day_end('touched.occurred_date') }}
        where events.category = 'community' and events.entity_id is not null
    ),
{% else %}
    events as (
        select
            *,
            null::date as touched_date
        from {{ ref('int_events') }}
        where category = 'community' and entity_id is not null
    ),
{% endif %}

spaced as (
    select
        *,
        occurred_at - lag(occurred_at) over (
            partition by visitor_id, entity_id, touched_date order by occurred_at, event_id
        ) as pause,
        case when event_type in ('join', 'leave') then event_type = 'join' end as joined_or_left,
        case
            when is_visitor_known
                then tstzrange(occurred_at, occurred_at + {{ online_after_event() }})
        end as online
    from events
),

final as (
    select
        visitor_id,
        entity_id as community_id,
        {{ hour_of('occurred_at') }} as occurred_hour,
        occurred_date,
        bool_or(is_visitor_known) as is_visitor_known,
        count(*) as events,
        count(*) filter (where event_type = 'view') as views,
        count(*) filter (where event_type = 'join') as joins,
        count(*) filter (where event_type = 'leave') as leaves,
        count(*) filter (where event_type = 'post') as posts,
        count(*) filter (where event_type = 'comment') as comments,
        count(*) filter (where event_type = 'like') as likes,
        count(*) filter (where event_type = 'share') as shares,
        count(*) filter (where event_type in ('post', 'comment', 'like', 'share', 'interaction'))
            as interactions,
        {{ last_value('joined_or_left') }} as has_joined,
        count(*) filter (
            where is_visitor_known and (pause is null or pause > {{ session_timeout() }})
        ) as stays,
        coalesce(sum(extract(epoch from pause)) filter (
            where is_visitor_known and pause <= {{ session_timeout() }}
        ), 0)::numeric(20, 3) as stay_seconds,
        coalesce(sum(extract(epoch from least(pause, {{ online_after_event() }}))) filter (
            where is_visitor_known
        ), 0)::numeric(20, 3) as online_seconds,
        range_agg(online) as presence
    from spaced
    where touched_date is null or touched_date = occurred_date
    group by visitor_id, entity_id, {{ hour_of('occurred_at') }}, occurred_date
)

select * from final
