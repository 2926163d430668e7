{#- Whether an event is something that a visitor did: telemetry of machines forms no session. -#}
{% macro belongs_to_session() -%}
    is_visitor_known and category <> 'system'
{%- endmacro %}
