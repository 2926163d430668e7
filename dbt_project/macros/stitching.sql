{#-
  Who an event counts for. Where its sender knew no user, the device may tell: the anonymous id, else
  the session id. docs/decisions/0014 has the rules.
-#}

{#- The device of an event. An id that clients send when they do not know it is everybody's, and none. -#}
{% macro device_of_event() -%}
    coalesce({{ usable('anonymous_id') }}, {{ usable('session_id') }})
{%- endmacro %}

{% macro usable(id) -%}
    case when lower({{ id }}) not in ('{{ var("placeholder_ids") | join("', '") }}') then {{ id }} end
{%- endmacro %}

{#- Whether an event identifies its device: its sender knew the user. -#}
{% macro identifies_device() -%}
    user_id is not null and device_id is not null
{%- endmacro %}

{#- The columns of events as int_events holds them: the visitor is the person who is known by now.
    events: events with the columns of event_columns(); persons: the spells of int_device_users joined
    to them, where the sender knew no user. -#}
{% macro stitched_columns(events, persons) -%}
    {%- for column in event_column_names() %}
        {% if column in ('visitor_id', 'user_id') -%}
            coalesce({{ persons }}.user_id, {{ events }}.{{ column }}) as {{ column }}
        {%- elif column == 'is_user' -%}
            coalesce({{ persons }}.user_id, {{ events }}.user_id) is not null as is_user
        {%- elif column == 'is_stitched' -%}
            {{ persons }}.user_id is not null as is_stitched
        {%- else -%}
            {{ events }}.{{ column }}
        {%- endif -%}
        {{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- How the spells of int_device_users are joined to events. -#}
{% macro is_spell_of(events, persons) -%}
    {{ events }}.user_id is null
    and {{ events }}.device_id = {{ persons }}.device_id
    and {{ events }}.occurred_at >= {{ persons }}.starts_at
    and {{ events }}.occurred_at < {{ persons }}.ends_at
{%- endmacro %}
