{#- Whether an event tells what happened to a product as what the person did, where senders may name
    the product among the properties. -#}
{% macro is_product_deed_of_user() -%}
    category = 'user' and event_type in ('product_view', 'add_to_cart', 'remove_from_cart')
{%- endmacro %}

{#- Whether an event is an error: the thing that later events resolve, so that it is its own entity. -#}
{% macro is_error() -%}
    category = 'system' and event_type = 'error'
{%- endmacro %}

{#- The product that an event names among its properties; no longer than ids are. -#}
{% macro product_of_properties() -%}
    left(properties ->> 'product_id', 255)
{%- endmacro %}

{#- Type and id of an entity as one key, and back: no entity type holds a slash. -#}
{% macro entity_key() -%}
    entity_type || '/' || entity_id
{%- endmacro %}

{% macro entity_type_of(key) -%}
    split_part({{ key }}, '/', 1)
{%- endmacro %}

{% macro entity_id_of(key) -%}
    substr({{ key }}, strpos({{ key }}, '/') + 1)
{%- endmacro %}

{#- For the config `touched` of marts by entity that follow from int_touched_grains. -#}
{% macro touched_entities(grain) -%}
    {{ return({
        'relation': 'int_touched_grains',
        'keys': {'entity_type': entity_type_of('key'), 'entity_id': entity_id_of('key')},
        'where': grain_is(grain),
    }) }}
{%- endmacro %}
