{#- Whether an event is something that a visitor did: telemetry of machines forms no session. -#}
{% macro belongs_to_session() -%}
    is_visitor_known and category <> 'system'
{%- endmacro %}

{#- The longest pause inside a session that has no id of its sender, and inside a stay. -#}
{% macro session_timeout() -%}
    interval '{{ var("session_timeout_minutes") }} minutes'
{%- endmacro %}

{#- How many page views of a session are kept in order. -#}
{% macro longest_journey() -%}
    50
{%- endmacro %}

{#- How many steps of each session user_journeys tells. -#}
{% macro journey_steps() -%}
    10
{%- endmacro %}

{#- Where this run forms sessions anew: the windows of all runs since the last that succeeded, merged. -#}
{% macro session_windows() -%}
    select
        visitor_id,
        stream,
        lower(span) as starts_at,
        upper(span) as ends_at
    from (
        select
            visitor_id,
            stream,
            unnest(range_agg(tstzrange(starts_at, ends_at, '[]'))) as span
        from {{ ref('int_session_windows') }}
        where run_id > {{ var('published_run_id') }}
        group by visitor_id, stream
    ) as merged
{%- endmacro %}
