{#-
  What changed, and so has to be built again.

  Core runs append the grains that they touched to int_touched_* under their run id. A domain of
  marts has published up to one core run; what later ones touched is what it builds now.
-#}

{#- Distinct keys that core runs touched since the domain last published; where: of these alone. -#}
{% macro touched_keys(relation, keys, where=none) -%}
    select distinct {{ keys | join(', ') }} from {{ relation }}
    where run_id > {{ var('published_run_id') }}{% if where %} and {{ where }}{% endif %}
    {{- without_retired(relation, keys, where) }}
{%- endmacro %}

{#- Whether a mart is built for the touched grains alone. Not on a full refresh, nor where the
    published table is missing or has other columns than the model. -#}
{% macro is_touched_run() -%}
    {%- if not execute or flags.FULL_REFRESH or model.config.materialized != 'mart' -%}
        {{ return(false) }}
    {%- endif -%}
    {#- asked by every condition of the model, answered by the database once -#}
    {%- if 'is_touched_run' not in model -%}
        {%- set published = load_relation(this) -%}
        {%- set columns = adapter.get_columns_in_relation(published) | map(attribute='name') | list if published else [] -%}
        {%- do model.update({'is_touched_run': columns == model.columns.keys() | list}) -%}
    {%- endif -%}
    {{ return(model['is_touched_run']) }}
{%- endmacro %}

{#- Condition that keeps the touched grains alone; true where everything is built.
    columns: of the table read; keys: the same in the touched relation, where named otherwise;
    where: as in touched_keys. -#}
{% macro only_touched(columns, relation, keys=none, where=none) -%}
    {%- if is_incremental() or is_touched_run() -%}
        ({{ columns | join(', ') }}) in ({{ touched_keys(relation, keys or columns, where) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- For the config `touched`, and condition, of tables that follow from int_touched_grains. -#}
{% macro grain_is(grain) -%}
    grain = '{{ grain }}'
{%- endmacro %}
