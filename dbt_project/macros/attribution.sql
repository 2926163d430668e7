{#- The attribution models, each a column of credits: to be split into words. -#}
{% macro attribution_models() -%}
    first_touch last_touch last_non_direct linear position_based time_decay
{%- endmacro %}

{#- Whether a session is a touch: it viewed a page, or came by a way that is known. Sessions that stem
    from servers alone, such as an order that is paid, lead nobody anywhere. -#}
{% macro is_touch() -%}
    (page_views > 0 or channel <> 'Direct')
{%- endmacro %}

{#- Credits with nine decimals; what rounding leaves goes to the last touch, so that they add up to 1.
    share: of touches that are not the last. -#}
{% macro credit(share) -%}
    (
        case
            when is_last then 1 - coalesce(sum(round({{ share }}, 9)) filter (where not is_last) over conversion, 0)
            else round({{ share }}, 9)
        end
    )::numeric(10, 9)
{%- endmacro %}

{#- The share of a touch that is not the last: of two 0.5; else 0.4 of the first, 0.2 shared by those between. -#}
{% macro share_by_position() -%}
    case when touches = 2 then 0.5 when touch = 1 then 0.4 else 0.2 / nullif(touches - 2, 0) end
{%- endmacro %}

{#- The conversions and their value by each model: the columns of tables that add up credits, to be
    split into words. -#}
{% macro attributed_columns() -%}
    {%- for model in attribution_models().split() %}
        conversions_{{ model }} value_{{ model }}
    {%- endfor -%}
{%- endmacro %}

{#- What of int_touched_grains changes the visits or the conversions of a day. -#}
{% macro touched_acquisition() -%}
    grain in ('session_day', 'attribution_day', 'cohort_day')
{%- endmacro %}

{#- Attributed conversions and their value by some key, from rows of int_acquisition_daily. The value is
    plain where all of it is in one currency, and by currency in any case. -#}
{% macro attributed_by(relation, key) %}
    by_currency as (
        select
            {{ key }},
            currency,
            sum(named_conversions) as named_conversions,
            sum(named_value) as named_value
            {%- for column in attributed_columns().split() %},
            sum({{ column }}) as {{ column }}
            {%- endfor %}
        from {{ relation }}
        group by {{ key }}, currency
    ),

    attributed as (
        select
            {{ key }},
            {% for model in attribution_models().split() -%}
                sum(conversions_{{ model }}) as conversions_{{ model }},
                {{ in_one_currency('value_' ~ model) }} as value_{{ model }},
            {% endfor -%}
            sum(named_conversions)::bigint as named_conversions,
            {{ in_one_currency('named_value') }} as named_value,
            case
                when count(*) filter (where currency <> '') = 1
                    then nullif(max(currency), '{{ unknown() }}')
            end as value_currency,
            coalesce(
                jsonb_object_agg(currency, jsonb_build_object(
                    {%- for model in attribution_models().split() %}
                    '{{ model }}', trim_scale(value_{{ model }}){{ ',' if not loop.last }}
                    {%- endfor %}
                )) filter (where currency <> ''),
                '{}'::jsonb
            ) as values_by_currency
        from by_currency
        group by {{ key }}
    )
{%- endmacro %}

{% macro in_one_currency(amount) -%}
    case
        when count(*) filter (where currency <> '') <= 1
            then coalesce(max({{ amount }}) filter (where currency <> ''), 0)
    end
{%- endmacro %}

{#- What of int_touched_grains changes what a campaign has come to: the key is the campaign. -#}
{% macro touched_campaigns() -%}
    grain in ('acquisition', 'campaign') and key <> ''
{%- endmacro %}
