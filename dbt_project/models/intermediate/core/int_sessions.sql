{{ config(
    touched={'relation': 'int_touched_sessions', 'keys': ['visitor_id', 'stream', 'started_at']},
    indexes=[{'columns': ['started_date']}],
) }}

-- the touched days are read off the old sessions, so they have to be taken down before
-- depends_on: {{ ref('int_touched_visitor_days') }}
-- depends_on: {{ ref('int_touched_sessions') }}
-- depends_on: {{ ref('int_session_windows') }}

{%- set timeout = "interval '" ~ var('session_timeout_minutes') ~ " minutes'" %}

with

events as (
    select
        events.*,
        coalesce(events.session_id, '') as stream
    from {{ ref('int_events') }} as events
    where
        {{ belongs_to_session() }}
        and {{ not_in_retired_session('occurred_at', 'events') }}
),

{% if is_incremental() %}
    windows as (
        select * from {{ ref('int_session_windows') }}
    ),

    in_scope as (
        select events.*
        from events
        inner join windows
            on
                events.visitor_id = windows.visitor_id
                and events.stream = windows.stream
                and events.occurred_at >= windows.starts_at
                and events.occurred_at <= windows.ends_at
    ),
{% else %}
    in_scope as (
        select * from events
    ),
{% endif %}

marked as (
    select
        *,
        stream = '' and occurred_at - lag(occurred_at) over (
            partition by visitor_id, stream order by occurred_at, event_id
        ) > {{ timeout }} as is_new_session
    from in_scope
),

numbered as (
    select
        *,
        count(*) filter (where is_new_session) over (
            partition by visitor_id, stream order by occurred_at, event_id
        ) as session_number
    from marked
),

grouped as (
    select
        visitor_id,
        stream,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        max(user_id) as user_id,
        count(*) as events,
        count(*) filter (where event_type = 'page_view') as page_views,
        {{ first_value('page') }} as entry_page,
        {{ last_value('page') }} as exit_page,
        {{ first_value('referrer') }} as referrer,
        {{ first_value('utm_source') }} as utm_source,
        {{ first_value('utm_medium') }} as utm_medium,
        {{ first_value('utm_campaign') }} as utm_campaign,
        {{ first_value('device') }} as device,
        {{ first_value('browser') }} as browser,
        {{ first_value('os') }} as os,
        {{ first_value('country') }} as country
    from numbered
    group by visitor_id, stream, session_number
),

final as (
    select
        visitor_id,
        stream,
        case
            when stream <> '' then stream
            else visitor_id || '/' || to_char(started_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISSUS')
        end as session_id,
        stream = '' as is_derived,
        user_id,
        started_at,
        ended_at,
        (started_at at time zone '{{ var("reporting_timezone") }}')::date as started_date,
        extract(epoch from ended_at - started_at)::numeric(20, 3) as duration_seconds,
        events,
        page_views,
        events = 1 and page_views = 1 as is_bounce,
        entry_page,
        exit_page,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        device,
        browser,
        os,
        country
    from grouped
)

select * from final
