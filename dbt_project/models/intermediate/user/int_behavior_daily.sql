{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'occurred_date': 'date'},
        'where': touched_behavior(),
    },
) }}

{%- set grains = ref('int_touched_grains') %}

with

activity as (
    select * from {{ ref('int_visitor_daily') }}
    where {{ only_touched(['occurred_date'], grains, ['date'], touched_behavior()) }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
    where {{ only_touched(['started_date'], grains, ['date'], touched_behavior()) }}
),

visitor_days as (
    select * from {{ ref('int_visitor_days') }}
    where {{ only_touched(['occurred_date'], grains, ['date'], touched_behavior()) }}
),

no_longer_counted_7d as (
    select
        counts_until_7d as occurred_date,
        count(*) as visitors
    from {{ ref('int_visitor_days') }}
    where {{ only_touched(['counts_until_7d'], grains, ['date'], touched_behavior()) }}
    group by counts_until_7d
),

no_longer_counted_28d as (
    select
        counts_until_28d as occurred_date,
        count(*) as visitors
    from {{ ref('int_visitor_days') }}
    where {{ only_touched(['counts_until_28d'], grains, ['date'], touched_behavior()) }}
    group by counts_until_28d
),

carts as (
    select
        occurred_date,
        visitor_id,
        bool_or({{ is_product_action('cart_add') }}) as is_opened,
        bool_or({{ is_purchase() }}) as is_bought
    from activity
    where is_visitor_known
    group by occurred_date, visitor_id
),

counted_carts as (
    select
        occurred_date,
        count(*) filter (where is_opened) as carts_opened,
        count(*) filter (where is_opened and is_bought) as carts_converted
    from carts
    group by occurred_date
),

counted_events as (
    select
        occurred_date,
        sum(events)::bigint as events,
        {{ events_of('user', ['page_view']) }}::bigint as page_views,
        {{ events_of('user', ['search']) }}::bigint as searches,
        ({{ events_of('user', ['login']) }} + {{ events_of('user_action', ['user_logged_in']) }})::bigint
            as logins,
        ({{ events_of('user', ['registration']) }} + {{ events_of('conversion', ['registration']) }})::bigint
            as registrations
    from activity
    group by occurred_date
),

counted_sessions as (
    select
        started_date as occurred_date,
        count(*) as sessions,
        count(*) filter (where is_bounce) as bounces,
        sum(duration_seconds) as session_seconds,
        sum(page_views)::bigint as session_page_views
    from sessions
    group by started_date
),

counted_visitors as (
    select
        occurred_date,
        count(*) as visitors,
        count(*) filter (where first_date = occurred_date) as new_visitors
    from visitor_days
    group by occurred_date
),

days as (
    select occurred_date from counted_events
    union
    select occurred_date from no_longer_counted_7d
    union
    select occurred_date from no_longer_counted_28d
),

final as (
    select
        days.occurred_date,
        {% for column in ['events', 'page_views', 'searches', 'logins', 'registrations'] -%}
            coalesce(counted_events.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% for column in ['carts_opened', 'carts_converted'] -%}
            coalesce(counted_carts.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% for column in ['sessions', 'bounces', 'session_page_views'] -%}
            coalesce(counted_sessions.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(counted_sessions.session_seconds, 0)::numeric(38, 3) as session_seconds,
        coalesce(counted_visitors.visitors, 0) as visitors,
        coalesce(counted_visitors.new_visitors, 0) as new_visitors,
        coalesce(no_longer_counted_7d.visitors, 0) as no_longer_counted_7d,
        coalesce(no_longer_counted_28d.visitors, 0) as no_longer_counted_28d
    from days
    left join counted_events on days.occurred_date = counted_events.occurred_date
    left join counted_carts on days.occurred_date = counted_carts.occurred_date
    left join counted_sessions on days.occurred_date = counted_sessions.occurred_date
    left join counted_visitors on days.occurred_date = counted_visitors.occurred_date
    left join no_longer_counted_7d on days.occurred_date = no_longer_counted_7d.occurred_date
    left join no_longer_counted_28d on days.occurred_date = no_longer_counted_28d.occurred_date
)

select * from final
