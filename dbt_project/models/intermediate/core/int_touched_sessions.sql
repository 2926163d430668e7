{#- The sessions, as the last run left them, that this run forms anew. -#}
{{ config(materialized='table') }}

{%- set sessions = existing_relation('int_sessions') -%}

with

windows as (
    {{ session_windows() }}
),

{% if sessions %}
    final as (
        select
            {{ var('run_id') }}::bigint as run_id,
            sessions.visitor_id,
            sessions.stream,
            sessions.started_at,
            sessions.ended_at,
            sessions.started_date
        from ({{ open_sessions(sessions) }}) as sessions
        inner join windows
            on
                sessions.visitor_id = windows.visitor_id
                and sessions.stream = windows.stream
                and sessions.started_at >= windows.starts_at
                and sessions.started_at <= windows.ends_at
    )
{% else %}
    final as (
        select
            {{ var('run_id') }}::bigint as run_id,
            visitor_id,
            stream,
            starts_at as started_at,
            ends_at as ended_at,
            null::date as started_date
        from windows
        where false
    )
{% endif %}

select * from final
