{#- Whether marts follow a person by the event over all time: conversions, orders, experiments, and what
    makes or ends a participation. int_events has an index on them, so that nobody's whole history is
    read for the few that matter, and keeps them after retention has removed them from raw;
    pipeline/retention/grains.py says the same. -#}
{% macro is_key_event() -%}
    (category in ('conversion', 'experiment', 'order') or {{ is_participation() }})
{%- endmacro %}

{#- Whether an event makes somebody a participant of something, or ends that. -#}
{% macro is_participation() -%}
    (category, event_type) in (
        ('community', 'join'), ('community', 'leave'),
        ('user_action', 'user_joined_fast'), ('user_action', 'user_left_fast')
    )
{%- endmacro %}

{#- How many participants a milestone is made of. -#}
{% macro milestones() -%}
    {{ return([10, 25, 50, 100, 250, 500, 1000]) }}
{%- endmacro %}
