{#- The earliest and the latest value of a column that is not null; the event id breaks ties, so that
    every build of the same events gives the same answer. order: by what else; where: of which rows. -#}
{% macro first_value(column, order='occurred_at, event_id', where='true') -%}
    (array_agg({{ column }} order by {{ order }}) filter (where {{ column }} is not null and {{ where }}))[1]
{%- endmacro %}

{% macro last_value(column, order='occurred_at desc, event_id desc', where='true') -%}
    {{ first_value(column, order, where) }}
{%- endmacro %}

{#- The value of the earliest session of a group that has one. -#}
{% macro first_of_sessions(column) -%}
    (array_agg({{ column }} order by started_at, visitor_id, stream) filter (where {{ column }} is not null))[1]
{%- endmacro %}
