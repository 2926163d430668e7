{#-
  Money stays in its currency and is never added across currencies: it is kept as a JSON object of
  sums by currency, such as {"EUR": 59.98}; what came without a currency is under `unknown`.
-#}

{#- The value of events by currency; condition: of which events; keys: what is grouped by. -#}
{% macro value_by_currency(relation, column, keys, condition) -%}
    {%- set keys = keys | join(', ') -%}
    select
        {{ keys }},
        jsonb_object_agg(currency, amount) as {{ column }}
    from (
        select
            {{ keys }},
            coalesce(currency, '{{ unknown() }}') as currency,
            trim_scale(sum(value)) as amount
        from {{ relation }}
        where {{ condition }} and value is not null
        group by {{ keys }}, coalesce(currency, '{{ unknown() }}')
    ) as by_currency
    group by {{ keys }}
{%- endmacro %}

{#- Sums of amounts that rows hold by currency, as JSON objects; keys: what is grouped by. -#}
{% macro sum_by_currency(relation, column, keys) -%}
    {%- set keys = keys | join(', ') -%}
    select
        {{ keys }},
        jsonb_object_agg(currency, amount) as {{ column }}
    from (
        select
            {{ keys }},
            currency,
            trim_scale(sum(amount::numeric)) as amount
        from {{ relation }}
        cross join lateral jsonb_each_text({{ column }}) as amounts (currency, amount)
        group by {{ keys }}, currency
    ) as by_currency
    group by {{ keys }}
{%- endmacro %}

{#- The one currency of sums by currency, and its sum; null where there are several, or none. -#}
{% macro only_currency(money) -%}
    case
        when {{ money }} - {{ first_currency(money) }} = '{}'::jsonb
            then nullif({{ first_currency(money) }}, '{{ unknown() }}')
    end
{%- endmacro %}

{% macro only_amount(money) -%}
    case
        when {{ money }} = '{}'::jsonb then 0
        when {{ money }} - {{ first_currency(money) }} = '{}'::jsonb
            then ({{ money }} ->> {{ first_currency(money) }})::numeric
    end
{%- endmacro %}

{% macro first_currency(money) -%}
    (select min(keys.currency) from jsonb_object_keys({{ money }}) as keys (currency))
{%- endmacro %}
