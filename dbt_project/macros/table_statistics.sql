{#-
  Brings Postgres' statistics of a table up to date, for the models that read it in the same run:
  autovacuum comes a minute too late for them. Without statistics Postgres takes a table that was filled
  just now for one of a few rows, and goes through others again for each of them.

  What every run makes or appends to is looked at each time, and is small; the other tables when they
  have been made anew. Later on, that is autovacuum's task.
-#}
{% macro take_statistics() -%}
    {%- if not is_incremental() or config.get('incremental_strategy') == 'append' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
