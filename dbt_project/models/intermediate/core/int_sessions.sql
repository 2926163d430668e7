{{ config(
    touched={'relation': 'int_touched_sessions', 'keys': ['visitor_id', 'stream', 'started_at']},
    changes=[{
        'grain': 'session_day',
        'columns': ['visitor_id', 'stream', 'started_at', 'ended_at', 'started_date', 'events', 'page_views', 'pages',
            'channel', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'],
        'date': 'started_date',
    }],
    indexes=[{'columns': ['started_date']}],
) }}

-- the touched days are read off the old sessions, so they have to be taken down before
-- depends_on: {{ ref('int_touched_visitor_days') }}
-- depends_on: {{ ref('int_touched_sessions') }}
-- depends_on: {{ ref('int_session_windows') }}
-- depends_on: {{ ref('int_touched_grains') }}

{%- set timeout = session_timeout() %}

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
        {{ session_windows() }}
    ),

    in_scope as (
        select in_window.*
        from windows
        cross join lateral (
            select events.* from events
            where
                events.visitor_id = windows.visitor_id
                and events.stream = windows.stream
                and events.occurred_at >= windows.starts_at
                and events.occurred_at <= windows.ends_at
            -- by the primary key, window by window, however many Postgres takes them to be
            order by events.occurred_at
        ) as in_window
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
        case when event_type = 'page_view' then page end as viewed_page,
        case
            when coalesce(utm_source, utm_medium, utm_campaign, click_id_type) is not null
                then array[utm_source, utm_medium, utm_campaign, utm_term, utm_content, click_id_type]
        end as campaign,
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
        array_agg(viewed_page order by occurred_at, event_id) filter (where viewed_page is not null) as pages,
        {{ first_value('page') }} as entry_page,
        {{ last_value('page') }} as exit_page,
        {{ first_value('referrer') }} as referrer,
        array_agg(campaign order by occurred_at, event_id) filter (where campaign is not null) as campaigns,
        {{ first_value('referrer_host') }} as referrer_host,
        {{ first_value('device') }} as device,
        {{ first_value('browser') }} as browser,
        {{ first_value('os') }} as os,
        {{ first_value('country') }} as country
    from numbered
    group by visitor_id, stream, session_number
),

-- the parameters of one campaign: of the first event that has any
arrived as (
    select
        *,
        campaigns[1][1] as utm_source,
        campaigns[1][2] as utm_medium,
        campaigns[1][3] as utm_campaign,
        campaigns[1][4] as utm_term,
        campaigns[1][5] as utm_content,
        campaigns[1][6] as click_id_type,
        array[campaigns[1][1], campaigns[1][2], campaigns[1][3], campaigns[1][6], referrer_host] as way
    from grouped
),

-- the rules look at many patterns: once for each way in which anybody came, not for each session
ways as (
    select distinct
        way,
        way[1] as utm_source,
        way[2] as utm_medium,
        way[3] as utm_campaign,
        way[4] as click_id_type,
        way[5] as referrer_host
    from arrived
),

attributed as materialized (
    select
        way,
        lower(coalesce(utm_source, {{ click_id_says('click_id_type', 0) }}, referrer_host)) as source,
        lower(coalesce(
            utm_medium,
            {{ click_id_says('click_id_type', 1) }},
            case
                when utm_source is not null then null
                when {{ is_site('search', 'referrer_host') }} then 'organic'
                when referrer_host is not null then 'referral'
            end
        )) as medium,
        lower(utm_campaign) as campaign
    from ways
),

channels as materialized (
    select
        way,
        {{ default_channel('source', 'medium', 'campaign') }} as channel
    from attributed
),

channelled as (
    select
        arrived.*,
        channels.channel
    from arrived
    inner join channels on arrived.way = channels.way
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
        coalesce(to_jsonb(pages[1:{{ longest_journey() }}]), '[]'::jsonb) as pages,
        entry_page,
        exit_page,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        click_id_type,
        channel,
        device,
        browser,
        os,
        country
    from channelled
)

select * from final
