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

with

claimed as (
    select distinct
        visitor_id,
        occurred_date
    from {{ ref('int_claimed_events') }}
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
