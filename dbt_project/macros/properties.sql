{#- What an event of a category says under a key; null for all others, without a look at their properties. -#}
{% macro property_of(category, key) -%}
    case when category = '{{ category }}' then properties ->> '{{ key }}' end
{%- endmacro %}

{#- The same as a number; null where the key holds anything else, or more than the catalogue allows. -#}
{% macro number_of(category, key) -%}
    (
        case
            when
                category = '{{ category }}'
                and jsonb_typeof(properties -> '{{ key }}') = 'number'
                and abs((properties ->> '{{ key }}')::numeric) <= 1e12
                then (properties ->> '{{ key }}')::numeric
        end
    )
{%- endmacro %}

{#- What somebody searched for, in the spelling in which searches are counted. -#}
{% macro search_term() -%}
    case
        when category = 'user' and event_type = 'search'
            then nullif(left(lower(btrim(regexp_replace(properties ->> 'query', '\s+', ' ', 'g'))), 200), '')
    end
{%- endmacro %}
