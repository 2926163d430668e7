{#- What core runs touched of the days of entities of a type, for marts by hour; name: what the mart
    calls the entity. -#}
{% macro touched_hours(entity_type, name) -%}
    {{ return({
        'relation': 'int_touched_entity_days',
        'keys': {name: 'entity_id', 'date': 'occurred_date'},
        'where': "entity_type = '" ~ entity_type ~ "'",
    }) }}
{%- endmacro %}

{#- The value that a share of a column's values, 0 to 1, does not exceed; linear between two values. -#}
{% macro percentile(share, column) -%}
    percentile_cont({{ share }}) within group (order by {{ column }})
{%- endmacro %}

{#- What core runs touched of errors. -#}
{% macro touched_errors() -%}
    {{ return({
        'relation': 'int_touched_entity_days',
        'keys': ['entity_id'],
        'where': "entity_type = 'error'",
    }) }}
{%- endmacro %}
