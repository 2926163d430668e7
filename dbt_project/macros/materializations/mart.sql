{#-
  Materialization `mart`: builds a candidate, and publishes nothing.

  The rows go into marts_candidate.<mart>: those of the touched grains, or all of them where
  is_touched_run() says no. Beside it, <mart>__touched holds the touched keys. Data tests and Great
  Expectations look at the candidate; only when all have passed does the pipeline replace the touched
  rows of marts.<mart>, all marts of a domain in one transaction (pipeline/publish.py).

  Config: touched = {'relation': name of the model that holds the touched keys,
                     'keys': {column of the mart: column of that model, or an expression of them},
                     'where': condition on that model, optional}
          Absent for a mart that is small and always built whole.
-#}
{% materialization mart, adapter='postgres' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set candidate = candidate_of(target_relation) -%}
    {%- set touched_relation = api.Relation.create(
        database=candidate.database, schema=candidate.schema,
        identifier=candidate.identifier ~ '__touched', type='table') -%}
    {%- set touched = config.get('touched') if is_touched_run() else none -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
        drop table if exists {{ candidate }};
        drop table if exists {{ touched_relation }};
        {{ create_table_as(False, candidate, sql) }}
        {%- if touched %}
        create table {{ touched_relation }} as
        {%- set keys = [] -%}
        {%- for mart_column, column in touched['keys'].items() -%}
            {%- do keys.append(column ~ ' as ' ~ mart_column) -%}
        {%- endfor %}
        {{ touched_keys(ref(touched['relation']), keys, touched.get('where')) }};
        {%- endif %}
    {%- endcall %}
    {%- set kept = '' if touched else take_over_retired(candidate, load_relation(this)) %}
    {%- if kept | trim %}
    {% call statement('kept') %}{{ kept }}{% endcall %}
    {%- endif %}
    {% do create_indexes(candidate) %}
    {% do persist_docs(candidate, model) %}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Where the next state of a published mart is built. -#}
{% macro candidate_of(relation) -%}
    {{ return(api.Relation.create(
        database=relation.database, schema=relation.schema ~ '_candidate',
        identifier=relation.identifier, type='table')) }}
{%- endmacro %}


{#- Data tests on a mart look at its candidate: what is about to be published, not what was. -#}
{% macro get_where_subquery(relation) -%}
    {%- set tested = candidate_of(relation) if relation.schema == 'marts' else relation -%}
    {%- set where = config.get('where', '') -%}
    {%- if where -%}
        (select * from {{ tested }} where {{ where }}) as tested
    {%- else -%}
        {{ tested }}
    {%- endif -%}
{%- endmacro %}
