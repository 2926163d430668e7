{#- What of int_touched_grains changes the figures of a day's behaviour. -#}
{% macro touched_behavior() -%}
    grain in ('visitor_day', 'session_day', 'active_day')
{%- endmacro %}
