{#- How many events of a category, or of some of its types, a group of int_visitor_daily holds. -#}
{% macro events_of(category, event_types=none) -%}
    coalesce(sum(events) filter (
        where category = '{{ category }}'
        {%- if event_types %} and event_type in ('{{ event_types | join("', '") }}'){% endif -%}
    ), 0)
{%- endmacro %}
