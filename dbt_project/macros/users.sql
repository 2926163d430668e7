{#- A place as one JSON object; what is not known of it is left out. -#}
{% macro place() -%}
    jsonb_strip_nulls(jsonb_build_object(
        'country', nullif(country, '{{ unknown() }}'),
        'region', nullif(region, '{{ unknown() }}'),
        'city', nullif(city, '{{ unknown() }}')
    ))
{%- endmacro %}

{#- Whether the countries of a group that are known are more than one. -#}
{% macro is_in_several_countries() -%}
    count(distinct country) filter (where country <> '{{ unknown() }}') > 1
{%- endmacro %}

{#- What users do, counted from rows of int_visitor_daily. -#}
{% macro user_event_counts() -%}
    {{ events_of('user', ['page_view']) }}::bigint as page_views,
    ({{ events_of('user', ['click', 'button_click', 'event_click']) }} + {{ events_of('product', ['click']) }})::bigint
        as clicks,
    {{ events_of('user', ['search']) }}::bigint as searches,
    {{ events_of('conversion') }}::bigint as conversions,
    {{ events_of('system') }}::bigint as system_events,
    {{ events_by_type() }} as events_by_type
{%- endmacro %}

{#- Numbers of events by category and type, as a JSON object. -#}
{% macro events_by_type() -%}
    jsonb_object_agg(category || '/' || event_type, events)
{%- endmacro %}

{#- What of int_touched_grains changes what a user has come to: the key is the visitor. -#}
{% macro touched_users() -%}
    grain in ('visitor_day', 'user')
{%- endmacro %}
