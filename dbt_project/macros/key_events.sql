{#- Whether marts follow an event over all time, and not by the day: int_events keeps it after retention
    has removed it from raw. pipeline/retention/grains.py says the same. -#}
{% macro is_key_event() -%}
    category in ('conversion', 'experiment', 'order')
{%- endmacro %}
