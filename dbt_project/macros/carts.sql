{#- Whether an event shows that something was bought, whichever sender's name it came under. -#}
{% macro is_purchase() -%}
    (category, event_type) in (
        ('product', 'purchase'), ('user', 'checkout_complete'), ('conversion', 'purchase'),
        ('order', 'created'), ('order', 'payment_completed'), ('order', 'confirmed')
    )
{%- endmacro %}
