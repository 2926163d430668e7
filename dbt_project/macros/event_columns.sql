{#- The columns of int_events, in order; what a mart needs of an event has to be among them. -#}
{% macro event_column_names() -%}
    {{ return([
        'event_id', 'visitor_id', 'load_id',
        'user_id', 'anonymous_id', 'session_id', 'device_id', 'is_user', 'is_visitor_known', 'is_stitched',
        'category', 'event_type', 'entity_type', 'entity_id', 'is_key_event', 'value', 'currency', 'quantity',
        'occurred_at', 'occurred_date', 'received_at',
        'page', 'referrer', 'referrer_host',
        'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'click_id_type',
        'device', 'browser', 'os', 'country', 'region', 'city',
        'product_name', 'search_term', 'search_results', 'surface', 'recommended_product_id',
        'payment_method', 'items_count', 'reason',
        'response_time_ms', 'status_code', 'level', 'message', 'url', 'method', 'stack_trace',
        'is_traveler',
        'x_position', 'y_position', 'click_count', 'hover_count', 'scroll_depth', 'element_selector',
        'order_id', 'campaign_id', 'variant',
    ]) }}
{%- endmacro %}

{% macro event_columns(relation) -%}
    {%- for column in event_column_names() %}
        {{ relation }}.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Every event that the core has settled, or settles in this run. -#}
{% macro settled_events() -%}
    select events.*
    from {{ ref('stg_raw__events') }} as events
    -- the loads that are not settled are few; how many the others are, Postgres cannot know
    where
        events.load_id not in (
            select loads.load_id from {{ ref('stg_raw__loads') }} as loads
            where
                loads.state <> 'settled'
                and (loads.state <> 'admitted' or loads.run_id <> {{ var('run_id') }})
        )
        and {{ came_in_time('events') }}
{%- endmacro %}
