{#- Of entities whose events say something about one another, every day on which anything happened:
    what happens to one on a day may change the figures of its other days.
    touched: as a model's config has it; events: relation with the days of each entity. -#}
{% macro touched_days_of(touched, events) -%}
with

touched as (
    select * from {{ ref('int_touched_entity_days') }}
    where {{ touched['where'] }}
),

events as (
    select * from {{ events }}
),

final as (
    select
        touched.run_id,
        events.occurred_date
    from touched
    inner join events on touched.entity_id = events.entity_id
    union all
    select
        run_id,
        occurred_date
    from touched
)

select * from final
{%- endmacro %}
