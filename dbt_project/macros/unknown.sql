{#- What stands in a key for what the sender did not say: a state of its own, never left out. -#}
{% macro unknown() -%}
    unknown
{%- endmacro %}
