{#- The earliest and the latest value of a column that is not null; the event id breaks ties, so that
    every build of the same events gives the same answer. -#}
{% macro first_value(column) -%}
    (array_agg({{ column }} order by occurred_at, event_id) filter (where {{ column }} is not null))[1]
{%- endmacro %}

{% macro last_value(column) -%}
    (array_agg({{ column }} order by occurred_at desc, event_id desc) filter (where {{ column }} is not null))[1]
{%- endmacro %}
