{#- An intermediate table as the last run left it, or none. Not ref(): the model that it belongs to
    is built later in this run, and leans on what is read here. -#}
{% macro existing_relation(name) -%}
    {%- if execute -%}
        {{ return(load_relation(api.Relation.create(
            database=target.database, schema='intermediate', identifier=name))) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
