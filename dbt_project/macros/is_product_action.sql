{#- Whether an event is one of the things that people do with products, whichever sender's name it
    came under. -#}
{% macro is_product_action(action) -%}
    {%- set names = {
        'view': [('product', 'view'), ('user', 'product_view')],
        'click': [('product', 'click')],
        'favorite': [('product', 'favorite'), ('product', 'wishlist_add')],
        'unfavorite': [('product', 'unfavorite'), ('product', 'wishlist_remove')],
        'cart_add': [('product', 'cart_add'), ('user', 'add_to_cart')],
        'cart_remove': [('product', 'cart_remove'), ('user', 'remove_from_cart')],
        'purchase': [('product', 'purchase')],
        'review': [('product', 'review')],
    }[action] -%}
    (category, event_type) in (
        {%- for category, event_type in names -%}
            ('{{ category }}', '{{ event_type }}'){{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
