{#- Always built whole: a row a day is little, and who counts as active for 28 days is a running sum. -#}

with

days as (
    select * from {{ ref('int_behavior_daily') }}
),

calendar as (
    select generate_series(min(occurred_date), max(occurred_date), interval '1 day')::date as date
    from days
    where events > 0
),

filled as (
    select
        calendar.date,
        {% for column in [
            'events', 'page_views', 'searches', 'logins', 'registrations', 'carts_opened', 'carts_converted',
            'sessions', 'bounces', 'session_page_views', 'visitors', 'new_visitors',
        ] -%}
            coalesce(days.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        days.session_seconds,
        (sum(days.visitors - days.no_longer_counted_7d) over until_then)::bigint as visitors_7d,
        (sum(days.visitors - days.no_longer_counted_28d) over until_then)::bigint as visitors_28d
    from calendar
    left join days on calendar.date = days.occurred_date
    window until_then as (order by calendar.date)
),

final as (
    select
        date,
        visitors as active_users_1d,
        coalesce(visitors_7d, 0) as active_users_7d,
        coalesce(visitors_28d, 0) as active_users_28d,
        {{ percentage('visitors', 'visitors_28d') }} as stickiness,
        new_visitors,
        visitors - new_visitors as returning_visitors,
        sessions,
        round(session_seconds / nullif(sessions, 0), 1) as average_session_duration,
        {{ percentage('bounces', 'sessions') }} as bounce_rate,
        page_views,
        round(session_page_views::numeric / nullif(sessions, 0), 2) as page_views_per_session,
        searches,
        logins,
        registrations,
        carts_opened,
        carts_converted,
        carts_opened - carts_converted as carts_abandoned,
        {{ percentage('carts_opened - carts_converted', 'carts_opened') }} as cart_abandonment_rate
    from filled
)

select * from final
