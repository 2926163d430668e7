{#- Names that variants have that the others are compared with. -#}
{% macro is_control_name(variant) -%}
    lower({{ variant }}) in ('control', 'baseline', 'original', 'default', 'old')
{%- endmacro %}

{#- The level of confidence of intervals and winners, and what is left of it. -#}
{% macro confidence() -%}
    {{ var('experiment_confidence') }}::double precision
{%- endmacro %}

{% macro significance() -%}
    (1 - {{ confidence() }})
{%- endmacro %}

{#- Below it, the split of participants is so uneven that the experiment is not to be trusted. -#}
{% macro sample_ratio_significance() -%}
    0.01
{%- endmacro %}

{#- Degrees of freedom below which means are not compared. -#}
{% macro least_degrees_of_freedom() -%}
    5
{%- endmacro %}
