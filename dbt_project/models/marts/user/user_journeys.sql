{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'date': 'date'},
        'where': grain_is('session_day'),
    },
    indexes=[{'columns': ['from_page']}],
) }}

with

sessions as (
    select * from {{ ref('int_sessions') }}
    where
        page_views > 0
        and {{ only_touched(['started_date'], ref('int_touched_grains'), ['date'], grain_is('session_day')) }}
),

steps as (
    select
        sessions.started_date,
        numbers.step,
        case
            when numbers.step = 0 then '(entrance)'
            else sessions.pages ->> (numbers.step - 1)
        end as from_page,
        coalesce(sessions.pages ->> numbers.step, '(exit)') as to_page
    from sessions
    cross join generate_series(0, {{ journey_steps() }}) as numbers (step)
    where
        jsonb_array_length(sessions.pages) > 0
        and numbers.step <= jsonb_array_length(sessions.pages)
),

final as (
    select
        started_date as date,
        step,
        from_page,
        to_page,
        count(*) as sessions
    from steps
    group by started_date, step, from_page, to_page
)

select * from final
