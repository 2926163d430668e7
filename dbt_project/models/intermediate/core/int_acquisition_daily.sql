{#- Visits and attributed conversions by the way that they came, for the marts of two domains. -#}
{{ config(
    touched={'relation': 'int_touched_grains', 'keys': {'occurred_date': 'date'}, 'where': touched_acquisition()},
    changes=[{
        'grain': 'acquisition',
        'columns': ['occurred_date', 'channel', 'campaign', 'currency', 'visits', 'new_visitors', 'bounces',
            'page_views', 'named_conversions', 'named_value', 'source', 'medium', 'term', 'content']
            + attributed_columns().split(),
        'key': 'campaign',
        'date': 'occurred_date',
    }],
) }}

{%- set grains = ref('int_touched_grains') %}

with

sessions as (
    select * from {{ ref('int_sessions') }}
    where {{ only_touched(['started_date'], grains, ['date'], touched_acquisition()) }}
),

credits as (
    select * from {{ ref('int_attribution') }}
    where {{ only_touched(['occurred_date'], grains, ['date'], touched_acquisition()) }}
),

first_sessions as (
    select
        sessions.*,
        visitors.first_date is not null
        and row_number() over (
            partition by sessions.visitor_id, sessions.started_date
            order by sessions.started_at, sessions.stream
        ) = 1 as is_of_new_visitor
    from sessions
    left join {{ ref('int_visitors') }} as visitors
        on sessions.visitor_id = visitors.visitor_id and sessions.started_date = visitors.first_date
),

visits as (
    select
        started_date as occurred_date,
        channel,
        coalesce(utm_campaign, '') as campaign,
        '' as currency,
        count(*) as visits,
        count(*) filter (where is_of_new_visitor) as new_visitors,
        count(*) filter (where is_bounce) as bounces,
        sum(page_views)::bigint as page_views,
        {{ first_of_sessions('utm_source') }} as source,
        {{ first_of_sessions('utm_medium') }} as medium,
        {{ first_of_sessions('utm_term') }} as term,
        {{ first_of_sessions('utm_content') }} as content
    from first_sessions
    group by started_date, channel, coalesce(utm_campaign, '')
),

attributed as (
    select
        occurred_date,
        channel,
        coalesce(campaign, '') as campaign,
        coalesce(currency, '') as currency,
        {% for model in attribution_models().split() -%}
            sum({{ model }}) as conversions_{{ model }},
            coalesce(sum({{ model }} * value), 0) as value_{{ model }},
        {% endfor -%}
        count(*) as credits
    from credits
    group by occurred_date, channel, coalesce(campaign, ''), coalesce(currency, '')
),

-- by the campaign that the sender of the conversion named, whatever led there
named as (
    select
        occurred_date,
        channel,
        named_campaign as campaign,
        coalesce(currency, '') as currency,
        count(*) as named_conversions,
        coalesce(sum(value), 0) as named_value
    from credits
    where is_last and named_campaign is not null
    group by occurred_date, channel, named_campaign, coalesce(currency, '')
),

keys as (
    {% for relation in ['visits', 'attributed', 'named'] %}
        select
            occurred_date,
            channel,
            campaign,
            currency
        from {{ relation }}
        {% if not loop.last %}union{% endif %}
    {% endfor %}
),

final as (
    select
        keys.occurred_date,
        keys.channel,
        keys.campaign,
        keys.currency,
        {% for column in ['visits', 'new_visitors', 'bounces', 'page_views'] -%}
            coalesce(visits.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% for column in attributed_columns().split() -%}
            coalesce(attributed.{{ column }}, 0)::numeric(38, 9) as {{ column }},
        {% endfor -%}
        coalesce(named.named_conversions, 0) as named_conversions,
        coalesce(named.named_value, 0)::numeric(38, 9) as named_value,
        visits.source,
        visits.medium,
        visits.term,
        visits.content
    from keys
    {% for relation in ['visits', 'attributed', 'named'] %}
        left join {{ relation }}
            on
                keys.occurred_date = {{ relation }}.occurred_date
                and keys.channel = {{ relation }}.channel
                and keys.campaign = {{ relation }}.campaign
                and keys.currency = {{ relation }}.currency
    {% endfor %}
)

select * from final
