{#- Mean number of members online from one reporting day to another, both included. -#}
{% macro online_members(seconds, first, last) -%}
    round(
        coalesce({{ seconds }}, 0) / extract(epoch from {{ day_end(last) }} - {{ day_start(first) }}), 3
    )
{%- endmacro %}

{#- The figures of a day that add up: to be split into words. -#}
{% macro additive_figures() -%}
    new_users new_registrations sessions bounces events page_views community_views community_joins
    geo_access_attempts geo_blocked_attempts traveler_access_count content_views content_interactions
    community_interactions new_posts new_comments total_likes total_shares api_requests error_count
    timed_requests response_time_ms session_seconds online_seconds
{%- endmacro %}

{#-
  The headline figures of periods, empty ones included. Counts are added up from days; a visitor counts
  once in a period, on the first day of it on which the visitor was active. Always built whole: few rows,
  and totals and growth look beyond the period.

  period: week or month; column: what the period's first day is called.
-#}
{% macro analytics_periods(period, column) %}
    {%- set starts_on = "date_trunc('" ~ period ~ "', occurred_date)::date" %}

with

days as (
    select
        *,
        {{ starts_on }} as starts_on
    from {{ ref('int_daily') }}
),

last_day as (
    select max(occurred_date) as last_date from days
),

calendar as (
    select generate_series(min(starts_on), max(starts_on), interval '1 {{ period }}')::date as starts_on
    from days
),

totals as (
    select
        starts_on,
        {% for name in additive_figures().split() -%}
            sum({{ name }}) as {{ name }},
        {% endfor -%}
        count(*) as active_days,
        max(peak_community_activity) as peak_community_activity
    from days
    group by starts_on
),

visitors as (
    select
        {{ starts_on }} as starts_on,
        sum(visitors_first_of_{{ period }})::bigint as active_users
    from {{ ref('int_cohort_days') }}
    group by {{ starts_on }}
),

filled as (
    select
        calendar.starts_on,
        (calendar.starts_on + interval '1 {{ period }}')::date - 1 as ends_on,
        last_day.last_date,
        coalesce(totals.active_days, 0) as active_days,
        coalesce(visitors.active_users, 0) as active_users,
        coalesce(totals.peak_community_activity, 0) as peak_community_activity,
        {% for name in additive_figures().split() -%}
            coalesce(totals.{{ name }}, 0) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from calendar
    cross join last_day
    left join totals on calendar.starts_on = totals.starts_on
    left join visitors on calendar.starts_on = visitors.starts_on
),

final as (
    select
        starts_on as {{ column }},
        ends_on < last_date as is_complete,
        active_days,
        (sum(new_users) over until_then)::bigint as total_users,
        active_users,
        new_users::bigint as new_users,
        {{ growth('active_users', 'lag(active_users) over until_then') }} as active_users_growth,
        new_registrations::bigint as new_registrations,
        sessions::bigint as sessions,
        {{ growth('sessions', 'lag(sessions) over until_then') }} as sessions_growth,
        {% for name in ['events', 'page_views', 'community_views', 'community_joins'] -%}
            {{ name }}::bigint as {{ name }},
        {% endfor -%}
        {{ online_members('online_seconds', 'starts_on', 'least(ends_on, last_date)') }} as average_online_members,
        peak_community_activity,
        geo_access_attempts::bigint as geo_access_attempts,
        geo_blocked_attempts::bigint as geo_blocked_attempts,
        (geo_access_attempts - geo_blocked_attempts)::bigint as geo_allowed_access,
        {% for name in [
            'traveler_access_count', 'content_views', 'content_interactions', 'new_posts', 'new_comments',
            'total_likes', 'total_shares',
        ] -%}
            {{ name }}::bigint as {{ name }},
        {% endfor -%}
        (content_interactions + community_interactions)::bigint as total_interactions,
        api_requests::bigint as api_requests,
        error_count::bigint as error_count,
        round(response_time_ms / nullif(timed_requests, 0), 1) as avg_response_time,
        round(session_seconds / nullif(sessions, 0), 1) as avg_session_duration,
        {{ percentage('bounces', 'sessions') }} as bounce_rate
    from filled
    window until_then as (order by starts_on)
)

select * from final
{% endmacro %}
