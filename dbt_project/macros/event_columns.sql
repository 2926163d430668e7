{#- The columns of int_events, in order; what a mart needs of an event has to be among them. -#}
{% macro event_columns(relation) -%}
    {%- set columns = [
        'event_id', 'visitor_id', 'load_id',
        'user_id', 'anonymous_id', 'session_id', 'is_user', 'is_visitor_known',
        'category', 'event_type', 'entity_type', 'entity_id', 'value', 'currency', 'quantity',
        'occurred_at', 'occurred_date', 'received_at',
        'page', 'referrer', 'utm_source', 'utm_medium', 'utm_campaign',
        'device', 'browser', 'os', 'country',
        'product_name', 'search_term', 'search_results', 'surface', 'recommended_product_id',
        'payment_method', 'items_count', 'reason',
        'response_time_ms', 'status_code', 'level', 'message', 'url', 'method', 'stack_trace',
        'is_traveler',
    ] -%}
    {%- for column in columns %}
        {{ relation }}.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
