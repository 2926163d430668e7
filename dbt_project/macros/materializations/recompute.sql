{#-
  Incremental strategy `recompute`: delete every row of the touched grains, insert what there is now.
  Unlike delete+insert it also removes grains that have vanished, and running it twice is the same
  as running it once.

  Config: touched = {'relation': name of the model that holds the touched keys,
                     'keys': columns of the table, or {column of the table: column of that model},
                     'where': condition on that model, optional}
          changes = list of {'grain': what coarser tables are built by,
                             'columns': columns of this table that matter to them,
                             'key': SQL over these columns, or none, 'date': the same}
          Of the rows that differ from before in these columns, the coarser grains go into
          int_touched_grains, in the same transaction: what did not change touches nothing further,
          unless the run's touch_unchanged says so.
-#}
{% macro get_incremental_recompute_sql(arg_dict) %}
    {%- set touched = config.require('touched') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set names = touched['keys'] if touched['keys'] is mapping else dict(zip(touched['keys'], touched['keys'])) -%}
    {%- set scope -%}
        ({{ names.keys() | join(', ') }}) in (
            {{ touched_keys(ref(touched['relation']), names.values(), touched.get('where')) }}
        )
    {%- endset -%}
    {%- for change in config.get('changes', []) %}
    {%- set compared = change['columns'] | join(', ') %}
    insert into {{ ref('int_touched_grains') }} (run_id, grain, key, date)
    with
    before as (select {{ compared }} from {{ arg_dict['target_relation'] }} where {{ scope }}),
    after as (select {{ compared }} from {{ arg_dict['temp_relation'] }}),
    changed as (
        {%- if var('touch_unchanged') %}
        select * from before
        union all
        select * from after
        {%- else %}
        (select * from before except select * from after)
        union all
        (select * from after except select * from before)
        {%- endif %}
    )
    select distinct
        {{ var('run_id') }}::bigint, '{{ change['grain'] }}',
        {{ change.get('key', 'null') }}::text, {{ change.get('date', 'null') }}::date
    from changed;
    {%- endfor %}
    delete from {{ arg_dict['target_relation'] }} where {{ scope }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
    {%- set retired = retired_grains() %}
    {%- if retired %} where not {{ is_retired(retired) }}{% endif %}
{% endmacro %}
