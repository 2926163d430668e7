{#- A model's schema is the one that its folder names, without a prefix: people's queries lean on it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
