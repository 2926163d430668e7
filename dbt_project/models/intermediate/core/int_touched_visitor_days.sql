{#-
  Which visitors' days a core run touched. Kept until every domain of marts has published the run, so
  that a run that failed half-way leaves behind what it may have changed.
-#}
{{ config(
    incremental_strategy='append',
    full_refresh=false,
    indexes=[{'columns': ['run_id']}],
) }}

{%- set visitors = existing_relation('int_visitors') -%}
{%- set visitor_days = existing_relation('int_visitor_days') -%}
{%- set stitched_events = ref('int_stitched_events') %}

with

changed as (
    select
        unnest(array[visitor_id, previous_visitor_id]) as visitor_id,
        occurred_date,
        case when category = 'community' then {{ date_of('(occurred_at + ' ~ session_timeout() ~ ')') }} end
            as carried_over_date
    from {{ ref('int_stitched_events') }}
),

claimed as (
    select distinct
        visitor_id,
        occurred_date
    from changed
    where visitor_id is not null
),

-- who is in a community shortly before midnight has not just arrived after it
carried_over as (
    select distinct
        visitor_id,
        carried_over_date as occurred_date
    from changed
    where visitor_id is not null and carried_over_date > occurred_date
),

-- who loses events to somebody else may be new on another day than was thought
bereft as (
    {% if visitor_days %}
        select
            visitor_days.visitor_id,
            visitor_days.occurred_date
        from {{ visitor_days }} as visitor_days
        where visitor_days.visitor_id in (
            select stitched.previous_visitor_id from {{ stitched_events }} as stitched
        )
    {% else %}
        select * from claimed
        where false
    {% endif %}
),

-- a session that grows at its beginning moves to another day
moved_sessions as (
    select distinct
        visitor_id,
        started_date as occurred_date
    from {{ ref('int_touched_sessions') }}
),

-- a visitor who turns out to have come earlier is no longer new on the day that was the first
formerly_new as (
    {% if visitors %}
        select distinct
            visitors.visitor_id,
            visitors.first_date as occurred_date
        from {{ visitors }} as visitors
        inner join claimed
            on visitors.visitor_id = claimed.visitor_id
        where claimed.occurred_date < visitors.first_date
    {% else %}
        select * from claimed
        where false
    {% endif %}
),

unioned as (
    select * from claimed
    union
    select * from carried_over
    union
    select * from bereft
    union
    select * from moved_sessions
    union
    select * from formerly_new
),

final as (
    select
        {{ var('run_id') }}::bigint as run_id,
        visitor_id,
        occurred_date
    from unioned
)

select * from final
