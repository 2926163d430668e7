{{ config(
    touched=touched_hours('metric', 'metric_type'),
    indexes=[{'columns': ['hour']}, {'columns': ['date']}],
) }}

with

metrics as (
    select
        entity_id as metric_type,
        {{ hour_of('occurred_at') }} as hour,
        occurred_date as date,
        occurred_at,
        event_id,
        value
    from {{ ref('int_events') }}
    where
        category = 'system'
        and event_type = 'metric'
        and entity_type = 'metric'
        and entity_id is not null
        and value is not null
        and {{ only_touched(
            ['entity_id', 'occurred_date'],
            ref('int_touched_entity_days'), where=touched_hours('metric', 'metric_type')['where']
        ) }}
),

final as (
    select
        metric_type,
        hour,
        date,
        count(*) as measurements,
        avg(value)::numeric(38, 4) as avg_value,
        min(value)::numeric(38, 4) as min_value,
        max(value)::numeric(38, 4) as max_value,
        ({{ last_value('value') }})::numeric(38, 4) as last_value,
        max(occurred_at) as recorded_at
    from metrics
    group by metric_type, hour, date
)

select * from final
