{#-
  The events that this run writes: those of the claimed loads, each with the person who is known by now,
  and older anonymous ones that turn out to be of another person than was thought.
-#}
{{ config(materialized='table', indexes=[{'columns': ['visitor_id', 'occurred_at']}]) }}

{%- set stored_events = existing_relation('int_events') %}

with

persons as (
    select * from {{ ref('int_device_users') }}
),

claimed as (
    select
        {{ stitched_columns('claimed_events', 'persons') }},
        null::text as previous_visitor_id
    from {{ ref('int_claimed_events') }} as claimed_events
    left join persons on {{ is_spell_of('claimed_events', 'persons') }}
),

{% if stored_events and not flags.FULL_REFRESH %}
    -- where somebody was identified, and from when on that changes whose events are
    identified as (
        select
            device_id,
            {% if var('stitch_backwards') -%}
                '-infinity'::timestamptz as changed_from
            {%- else -%}
                min({{ day_start('occurred_date') }}) as changed_from
            {%- endif %}
        from {{ ref('int_claimed_events') }}
        where {{ identifies_device() }}
        group by device_id
    ),

    -- anonymous events of the device are stored with itself as visitor, or with one of its users
    visitors_so_far as (
        select
            device_id,
            device_id as visitor_id,
            changed_from
        from identified
        union
        select
            identified.device_id,
            persons.user_id as visitor_id,
            identified.changed_from
        from identified
        inner join persons on identified.device_id = persons.device_id
    ),

    anonymous as (
        select
            {{ event_columns('events') }},
            events.visitor_id as previous_visitor_id
        from visitors_so_far
        inner join {{ stored_events }} as events
            on
                visitors_so_far.visitor_id = events.visitor_id
                and visitors_so_far.device_id = events.device_id
                and visitors_so_far.changed_from <= events.occurred_at
        where events.is_stitched or events.user_id is null
    ),

    unstitched as (
        select
            {% for column in event_column_names() -%}
                {% if column == 'visitor_id' -%}
                    device_id as visitor_id,
                {%- elif column == 'user_id' -%}
                    null::text as user_id,
                {%- else -%}
                    {{ column }},
                {%- endif %}
            {% endfor -%}
            previous_visitor_id
        from anonymous
    ),

    restitched as (
        select
            {{ stitched_columns('unstitched', 'persons') }},
            unstitched.previous_visitor_id
        from unstitched
        left join persons on {{ is_spell_of('unstitched', 'persons') }}
    ),

    unioned as (
        select * from claimed
        union all
        select * from restitched
        where visitor_id <> previous_visitor_id
    ),
{% else %}
    unioned as (
        select * from claimed
    ),
{% endif %}

-- an event that a failed run has stored already is claimed again, and may be another's by now
final as (
    select distinct on (event_id)
        {{ var('run_id') }}::bigint as run_id,
        *
    from unioned
    order by event_id asc, previous_visitor_id asc nulls last
)

select * from final
