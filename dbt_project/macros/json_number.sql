{#- A number out of a jsonb object, or null where the key holds anything else. -#}
{% macro json_number(object, key) -%}
    case when jsonb_typeof({{ object }} -> '{{ key }}') = 'number' then ({{ object }} ->> '{{ key }}')::numeric end
{%- endmacro %}
