{#- How long a visitor counts as online after each event in a community. -#}
{% macro online_after_event() -%}
    interval '5 minutes'
{%- endmacro %}

{#- In how many days, the day itself being the last, a member is looked for who counts as active. -#}
{% macro community_active_days() -%}
    7
{%- endmacro %}

{#- The counts of community events that hours, days and totals share. -#}
{% macro community_counts() -%}
    {{ return(['events', 'views', 'joins', 'leaves', 'posts', 'comments', 'likes', 'shares', 'interactions']) }}
{%- endmacro %}
