{#-
  What happened to products in periods of a kind: one row per product and period that has an event.

  Counts are added up from days; distinct visitors and sessions are counted anew from their visits.
  Of touched products, the touched periods alone are read.

  period: day, week or month; column: what the period's first day is called.
-#}
{% macro product_periods(period, column) %}
    {%- set starts_on -%}
        {%- if period == 'day' -%}occurred_date{%- else -%}date_trunc('{{ period }}', occurred_date)::date{%- endif -%}
    {%- endset -%}
    {%- set touched_days = ref('int_touched_entity_days') %}

with

{% if is_touched_run() %}
    touched as (
        {{ touched_keys(
            touched_days,
            ['entity_id', starts_on ~ ' as starts_on'],
            touched_product_days()['where']
        ) }}
    ),
{% endif %}

{% for name, relation in [('days', ref('int_product_daily')), ('visits', ref('int_product_visits'))] %}
    {{ name }} as (
        {% if is_touched_run() %}
            select
                stored.*,
                touched.starts_on
            from {{ relation }} as stored
            inner join touched
                on
                    stored.entity_id = touched.entity_id
                    and stored.occurred_date >= touched.starts_on
                    and stored.occurred_date < (touched.starts_on + interval '1 {{ period }}')::date
        {% else %}
            select
                *,
                {{ starts_on }} as starts_on
            from {{ relation }}
        {% endif %}
    ),
{% endfor %}

totals as (
    select
        entity_id,
        starts_on,
        sum(events)::bigint as events,
        sum(views)::bigint as views,
        sum(clicks)::bigint as clicks,
        sum(favorites)::bigint as favorites,
        sum(unfavorites)::bigint as unfavorites,
        sum(cart_additions)::bigint as cart_additions,
        sum(cart_removals)::bigint as cart_removals,
        sum(purchases)::bigint as purchases,
        sum(reviews)::bigint as reviews,
        sum(units_sold)::numeric(38, 3) as units_sold
    from days
    group by entity_id, starts_on
),

revenues as (
    {{ sum_by_currency('days', 'revenue', ['entity_id', 'starts_on']) }}
),

-- a session over midnight is on two days, and still one
sessions as (
    select
        entity_id,
        starts_on,
        visitor_id,
        stream,
        session_started_at,
        bool_or(is_user) as is_user
    from visits
    group by entity_id, starts_on, visitor_id, stream, session_started_at
),

visitors as (
    select
        entity_id,
        starts_on,
        visitor_id,
        bool_or(is_user) as is_user,
        count(*) as sessions
    from sessions
    group by entity_id, starts_on, visitor_id
),

audiences as (
    select
        entity_id,
        starts_on,
        count(*) as unique_visitors,
        count(*) filter (where is_user) as unique_users,
        sum(sessions)::bigint as unique_sessions
    from visitors
    group by entity_id, starts_on
),

final as (
    select
        totals.entity_id as product_id,
        totals.starts_on as {{ column }},
        totals.events,
        totals.views,
        totals.clicks,
        totals.favorites,
        totals.unfavorites,
        totals.cart_additions,
        totals.cart_removals,
        totals.purchases,
        totals.reviews,
        totals.units_sold,
        coalesce(revenues.revenue, '{}'::jsonb) as revenue,
        coalesce(audiences.unique_visitors, 0) as unique_visitors,
        coalesce(audiences.unique_users, 0) as unique_users,
        coalesce(audiences.unique_sessions, 0) as unique_sessions,
        {{ percentage('totals.clicks', 'totals.views') }} as view_to_click_rate,
        {{ percentage('totals.cart_additions', 'totals.clicks') }} as click_to_cart_rate,
        {{ percentage('totals.purchases', 'totals.cart_additions') }} as cart_to_purchase_rate,
        {{ percentage('totals.purchases', 'totals.views') }} as view_to_purchase_rate
    from totals
    left join revenues
        on totals.entity_id = revenues.entity_id and totals.starts_on = revenues.starts_on
    left join audiences
        on totals.entity_id = audiences.entity_id and totals.starts_on = audiences.starts_on
)

select * from final
{% endmacro %}
