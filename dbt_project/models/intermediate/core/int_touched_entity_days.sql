{#- Which entities' days a core run touched. Kept as int_touched_visitor_days is. -#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['run_id']}],
) }}

{%- set events = existing_relation('int_events') -%}
{%- set touched_sessions = ref('int_touched_sessions') %}

with

claimed as (
    select distinct
        entity_type,
        entity_id,
        occurred_date
    from {{ ref('int_stitched_events') }}
    where entity_id is not null
),

-- nothing new happened to these, but in another session than was thought
moved_to_other_sessions as (
    {% if events %}
        select distinct
            events.entity_type,
            events.entity_id,
            events.occurred_date
        from {{ touched_sessions }} as sessions
        inner join {{ events }} as events
            on
                sessions.visitor_id = events.visitor_id
                and sessions.started_at <= events.occurred_at
                and sessions.ended_at >= events.occurred_at
        where
            sessions.stream = ''
            and events.session_id is null
            and events.entity_id is not null
    {% else %}
        select * from claimed
        where false
    {% endif %}
),

unioned as (
    select * from claimed
    union
    select * from moved_to_other_sessions
),

final as (
    select
        {{ var('run_id') }}::bigint as run_id,
        entity_type,
        entity_id,
        occurred_date
    from unioned
)

select * from final
