{#- The lengths of cohorts, and how many periods after its own each cohort is followed.
    visitors: the column of int_cohort_days that counts a visitor once in such a period. -#}
{% macro retention_periods() -%}
    {{ return([
        {'name': 'day', 'last': 30, 'visitors': 'visitors'},
        {'name': 'week', 'last': 52, 'visitors': 'visitors_first_of_week'},
        {'name': 'month', 'last': 36, 'visitors': 'visitors_first_of_month'},
    ]) }}
{%- endmacro %}
