{#-
  Writes descriptions into the database when a table is made anew, and not in every run: they are as many
  rows of Postgres' catalogue as there are columns. What lives for one run only has none.
-#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if model.config.materialized != 'table' and not is_incremental() and not is_touched_run() -%}
        {% do default__persist_docs(relation, model, for_relation, for_columns) %}
    {%- endif -%}
{%- endmacro %}
