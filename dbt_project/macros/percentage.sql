{#- part / whole in percent with one decimal, 0.0 where the whole is 0. -#}
{% macro percentage(part, whole) -%}
    coalesce(round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 1), 0.0)
{%- endmacro %}
