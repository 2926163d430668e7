{{ config(
    touched={
        'relation': 'int_touched_visitor_days',
        'keys': {'visitor_id': 'visitor_id', 'started_date': 'occurred_date'},
    },
    indexes=[{'columns': ['started_date']}, {'columns': ['visitor_id', 'started_date']}],
) }}

with

sessions as (
    select * from {{ ref('int_sessions') }}
    where {{ only_touched(
        ['visitor_id', 'started_date'],
        ref('int_touched_visitor_days'), ['visitor_id', 'occurred_date']
    ) }}
),

final as (
    select
        session_id,
        visitor_id,
        is_derived,
        user_id,
        started_at,
        ended_at,
        started_date,
        duration_seconds,
        events,
        page_views,
        is_bounce,
        pages,
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
    from sessions
)

select * from final
