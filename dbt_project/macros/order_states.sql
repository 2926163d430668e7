{#- The states of an order, in the order in which a life passes through them. Each is an event type. -#}
{% macro order_states() -%}
    {{ return([
        'created', 'payment_started', 'payment_failed', 'payment_completed', 'confirmed',
        'shipped', 'delivered', 'cancelled', 'refunded',
    ]) }}
{%- endmacro %}

{#- Which of them an event type is, from 1; null for none. -#}
{% macro state_number(event_type) -%}
    array_position(
        array[
            {%- for state in order_states() %}
            '{{ state }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        {{ event_type }}
    )
{%- endmacro %}

{#- What core runs touched of orders. -#}
{% macro touched_orders() -%}
    {{ return({
        'relation': 'int_touched_entity_days',
        'keys': ['entity_id'],
        'where': "entity_type = 'order'",
    }) }}
{%- endmacro %}

{#- When an order first came to a state, and how many orders came to it for the first time. -#}
{% macro came_to(state) -%}
    min(occurred_at) filter (where event_type = '{{ state }}')
{%- endmacro %}

{% macro orders_that_came_to(state) -%}
    count(*) filter (where event_type = '{{ state }}' and is_first_of_its_type)
{%- endmacro %}
