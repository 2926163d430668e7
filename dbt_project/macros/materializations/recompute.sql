{#-
  Incremental strategy `recompute`: delete every row of the touched grains, insert what there is now.
  Unlike delete+insert it also removes grains that have vanished, and running it twice is the same
  as running it once.

  Config: touched = {'relation': name of the model that holds the touched keys, 'keys': columns,
                     'where': condition on that model, optional}
-#}
{% macro get_incremental_recompute_sql(arg_dict) %}
    {%- set touched = config.require('touched') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set keys = touched['keys'] | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }}
    where ({{ keys }}) in (
        {{ touched_keys(ref(touched['relation']), touched['keys'], touched.get('where')) }}
    );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{% endmacro %}
