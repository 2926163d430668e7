{#- What core runs touched of products, for the tables that hold a product's days. -#}
{% macro touched_product_days() -%}
    {{ return({
        'relation': 'int_touched_entity_days',
        'keys': ['entity_id', 'occurred_date'],
        'where': "entity_type = 'product'",
    }) }}
{%- endmacro %}
