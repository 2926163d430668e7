{#- part / whole in percent with one decimal, 0.0 where the whole is 0. -#}
{% macro percentage(part, whole) -%}
    coalesce(round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 1), 0.0)
{%- endmacro %}

{#- How much more a figure is than another, in percent of that, one decimal; null where there is none or it is 0. -#}
{% macro growth(now, before) -%}
    round(100.0 * ({{ now }} - {{ before }}) / nullif({{ before }}, 0), 1)
{%- endmacro %}
