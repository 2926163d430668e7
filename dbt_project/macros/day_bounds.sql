{#- The instants at which a reporting day begins, and the next one. -#}
{% macro day_start(date) -%}
    ({{ date }}::timestamp at time zone '{{ var("reporting_timezone") }}')
{%- endmacro %}

{% macro day_end(date) -%}
    (({{ date }} + 1)::timestamp at time zone '{{ var("reporting_timezone") }}')
{%- endmacro %}

{#- The reporting day of an instant, and the beginning of its hour. -#}
{% macro date_of(time) -%}
    ({{ time }} at time zone '{{ var("reporting_timezone") }}')::date
{%- endmacro %}

{% macro hour_of(time) -%}
    date_trunc('hour', {{ time }}, '{{ var("reporting_timezone") }}')
{%- endmacro %}
