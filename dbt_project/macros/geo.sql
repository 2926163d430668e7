{#- The events of category geo that kept somebody out. -#}
{% macro geo_blocked_types() -%}
    {{ return(['country_blocked', 'region_blocked', 'city_blocked']) }}
{%- endmacro %}

{#- What came of an attempt to enter a restricted community, from its event type. -#}
{% macro geo_result() -%}
    case
        when event_type in ('{{ geo_blocked_types() | join("', '") }}') then 'blocked'
        when event_type = 'restriction_bypass' then 'bypassed'
        else 'allowed'
    end
{%- endmacro %}
