{#- The instants at which a reporting day begins, and the next one. -#}
{% macro day_start(date) -%}
    {{ date }}::timestamp at time zone '{{ var("reporting_timezone") }}'
{%- endmacro %}

{% macro day_end(date) -%}
    ({{ date }} + 1)::timestamp at time zone '{{ var("reporting_timezone") }}'
{%- endmacro %}
