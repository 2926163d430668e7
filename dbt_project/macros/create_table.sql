{#-
  Makes a table with a contract: fills it first, then adds its constraints.

  dbt makes the empty table with its primary key and inserts into it. That keeps an index in order row by
  row, in whatever order rows come, where an index that is built afterwards is sorted once; and Postgres
  reads with one process for an insert, where it reads with several for `create table as`. What it brings
  is in docs/decisions/0017-what-bounds-a-run.md.
-#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if temporary or not config.get('contract').enforced -%}
        {{ dbt.postgres__create_table_as(temporary, relation, sql) }}
    {%- else -%}
        {{ get_assert_columns_equivalent(sql) }}
        {%- set additions = [] %}
        create table {{ relation }} as
        select
        {%- for column in model.columns.values() %}
            {{ column.name }}::{{ column.data_type }} as {{ column.name }}{{ ',' if not loop.last }}
            {%- for constraint in column.constraints if constraint.type == 'not_null' -%}
                {%- do additions.append('alter column ' ~ column.name ~ ' set not null') -%}
            {%- endfor -%}
        {%- endfor %}
        from (
            {{ sql }}
        ) as built;
        {%- for constraint in adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
            {%- do additions.append('add ' ~ constraint) -%}
        {%- endfor %}
        {%- if additions %}
        alter table {{ relation }}
            {{ additions | join(', ') }};
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
