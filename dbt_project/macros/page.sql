{#- What the events of category page tell of a pointer, in numbers. -#}
{% macro pointer_columns() -%}
    {{ return(['x_position', 'y_position', 'click_count', 'hover_count', 'scroll_depth']) }}
{%- endmacro %}

{#- Width and height of a heatmap's cell, in pixels. -#}
{% macro heatmap_cell() -%}
    20
{%- endmacro %}
