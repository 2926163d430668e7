{#-
  What is left of events that retention has removed: their aggregates, which stay as they are.

  A grain, such as a visitor's day, that has lost an event cannot be computed again. Retention writes
  such grains into intermediate.int_retired_*, one table for each int_touched_* with the same keys
  (pipeline/retention/grains.py). A table that is built from int_events by days or sessions leaves out
  what is retired when it recomputes, and takes it over from before in a full refresh. Tables that are
  built from such tables need nothing of that. Nor do those without a day in their keys: the events
  that they follow over all time are key events, which int_events keeps. One that follows others over
  all time says so by the config `freezes`; one that is built from raw, or whose grains have no
  int_touched_* of their own, names the table of its retired grains by the config `retired`.
-#}

{#- The retired grains of the model that is built; none where there are none. -#}
{% macro retired_grains() -%}
    {%- set touched = config.get('touched') if execute else none -%}
    {%- if touched and config.get('retired') -%}
        {{ return(existing_relation(config.get('retired'))) }}
    {%- elif touched and reads_events() -%}
        {%- set keys = touched['keys'].values() if touched['keys'] is mapping else touched['keys'] -%}
        {%- set name = touched['relation'] | replace('int_touched_', 'int_retired_') -%}
        {%- if name == 'int_retired_sessions' or 'occurred_date' in keys or config.get('freezes') -%}
            {{ return(existing_relation(name)) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{% macro reads_events() -%}
    {{ return('model.' ~ project_name ~ '.int_events' in model.depends_on.nodes) }}
{%- endmacro %}

{#- Takes the retired grains out of touched keys; for the end of touched_keys. -#}
{% macro without_retired(relation, keys, where=none) -%}
    {%- set retired = retired_grains() if execute else none -%}
    {%- if retired and relation.identifier == config.get('touched')['relation'] %}
    except
    select {{ keys | join(', ') }} from {{ retired }}
    {%- if where and not config.get('retired') %} where {{ where }}{% endif %}
    {%- endif -%}
{%- endmacro %}

{#- Statements that put the rows of retired grains, as they were before, in place of those that were
    built of what is left. built: the new table; before: the old one, or none. -#}
{% macro take_over_retired(built, before) -%}
    {%- set retired = retired_grains() -%}
    {%- if retired and before -%}
        {%- set scope = is_retired(retired) -%}
        delete from {{ built }} where {{ scope }};
        {{ take_over(built, before, scope) }}
    {%- endif -%}
{%- endmacro %}

{#- Condition on the rows of the model's table: they are of retired grains. -#}
{% macro is_retired(retired) -%}
    {%- set touched = config.get('touched') -%}
    {%- set names = touched['keys'] if touched['keys'] is mapping else dict(zip(touched['keys'], touched['keys'])) -%}
    ({{ names.keys() | join(', ') }}) in (
        select {{ names.values() | join(', ') }} from {{ retired }}
        {%- if touched.get('where') and not config.get('retired') %} where {{ touched['where'] }}{% endif %}
    )
{%- endmacro %}

{#- Statement that takes rows over from an old table, in the columns that both have. -#}
{% macro take_over(built, before, condition) -%}
    {%- set old = adapter.get_columns_in_relation(before) | map(attribute='name') | list -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(built) if column.name in old -%}
        {%- do columns.append(column.quoted) -%}
    {%- endfor -%}
    insert into {{ built }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }} from {{ before }} as old
    where {{ condition }};
{%- endmacro %}

{#- The table as it was before the full refresh that is under way; none in any other run. For
    post-hooks, which run before it is dropped. -#}
{% macro before_refresh() -%}
    {%- if execute and should_full_refresh() -%}
        {{ return(load_cached_relation(make_backup_relation(this, 'table'))) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#- Post-hooks of intermediate tables. -#}
{% macro keep_retired_rows() -%}
    {{ take_over_retired(this, before_refresh()) }}
{%- endmacro %}

{#- Of events that raw no longer holds, int_events keeps the key events. -#}
{% macro keep_key_events() -%}
    {%- set before = before_refresh() -%}
    {%- if before -%}
        {{ take_over(
            this, before,
            is_key_event() ~ ' and not exists (select from ' ~ this ~ ' as built where built.event_id = old.event_id)'
        ) }}
    {%- endif -%}
{%- endmacro %}

{#- What the records of a day said stands when the records are gone. -#}
{% macro keep_days_of_removed_records() -%}
    {%- set before = before_refresh() -%}
    {%- if before -%}
        {%- set condition -%}
            date <= (
                select {{ date_of('max(newest)') }} from {{ source('ops', 'removals') }}
                where what in ('raw.loads', 'raw.quarantine', 'ops.quality_results')
            )
        {%- endset -%}
        delete from {{ this }} where {{ condition }};
        {{ take_over(this, before, condition) }}
    {%- endif -%}
{%- endmacro %}

{#- Condition that leaves out events inside of retired sessions: nothing can be added to those. -#}
{% macro not_in_retired_session(time, events) -%}
    {%- set retired = existing_relation('int_retired_sessions') if execute else none -%}
    {%- if retired -%}
        not exists (
            select from {{ retired }} as retired
            where
                retired.visitor_id = {{ events }}.visitor_id
                and retired.stream = coalesce({{ events }}.session_id, '')
                and (retired.stream <> '' or {{ time }} between retired.started_at and retired.ended_at)
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- The sessions that can still be formed anew. -#}
{% macro open_sessions(sessions) -%}
    {%- set retired = existing_relation('int_retired_sessions') if execute else none -%}
    select * from {{ sessions }}
    {%- if retired %}
    where (visitor_id, stream, started_at) not in (
        select visitor_id, stream, started_at from {{ retired }}
    )
    {%- endif -%}
{%- endmacro %}

{#- Condition that leaves out events that landed for a visitor's day after it had retired: they are
    stored in raw, and count nowhere, so that the figures of that day fit one another. -#}
{% macro came_in_time(events) -%}
    {%- set retired = existing_relation('int_retired_visitor_days') if execute else none -%}
    {%- if retired -%}
        not exists (
            select from {{ retired }} as retired
            where
                retired.visitor_id = {{ events }}.visitor_id
                and retired.occurred_date = {{ events }}.occurred_date
                and retired.last_load_id < {{ events }}.load_id
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
