{{ config(
    touched={'relation': 'int_claimed_events', 'keys': ['device_id'], 'where': identifies_device()},
) }}

with

identifications as (
    select * from {{ ref('int_identifications') }}
    where {{ only_touched(['device_id'], ref('int_claimed_events'), where=identifies_device()) }}
),

followed as (
    select
        *,
        lag(user_id) over (partition by device_id order by identified_at, position) as previous_user_id
    from identifications
),

final as (
    select
        device_id,
        {% if var('stitch_backwards') -%}
            case when previous_user_id is null then '-infinity' else identified_at end as starts_at,
        {%- else -%}
            identified_at as starts_at,
        {%- endif %}
        position,
        user_id,
        coalesce(
            lead(identified_at) over (partition by device_id order by identified_at, position), 'infinity'
        ) as ends_at
    from followed
    where user_id is distinct from previous_user_id
)

select * from final
