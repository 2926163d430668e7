{{ config(
    touched={
        'relation': 'int_touched_grains',
        'keys': {'campaign': 'key'},
        'where': touched_campaigns(),
    },
) }}

{%- set grains = ref('int_touched_grains') %}

with

ways as (
    select * from {{ ref('int_acquisition_daily') }}
    where
        campaign <> ''
        and {{ only_touched(['campaign'], grains, ['key'], touched_campaigns()) }}
),

spent as (
    select
        entity_id as campaign,
        cost
    from {{ ref('int_entities') }}
    where
        entity_type = 'campaign'
        and {{ only_touched(['entity_id'], grains, ['key'], touched_campaigns()) }}
),

visits as (
    select
        campaign,
        (array_agg(source order by occurred_date desc) filter (where source is not null))[1] as source,
        (array_agg(medium order by occurred_date desc) filter (where medium is not null))[1] as medium,
        (array_agg(term order by occurred_date desc) filter (where term is not null))[1] as term,
        (array_agg(content order by occurred_date desc) filter (where content is not null))[1] as content,
        min(occurred_date) filter (where visits > 0) as first_visit_date,
        max(occurred_date) filter (where visits > 0) as last_visit_date,
        sum(visits)::bigint as visits,
        sum(new_visitors)::bigint as new_visitors,
        sum(bounces)::bigint as bounces,
        sum(page_views)::bigint as page_views
    from ways
    group by campaign
),

{{ attributed_by('ways', 'campaign') }},

campaigns as (
    select campaign from visits
    union
    select campaign from spent
),

final as (
    select
        campaigns.campaign,
        visits.source as campaign_source,
        visits.medium as campaign_medium,
        visits.term as campaign_term,
        visits.content as campaign_content,
        visits.first_visit_date,
        visits.last_visit_date,
        coalesce(visits.visits, 0) as visits,
        coalesce(visits.new_visitors, 0) as new_visitors,
        {{ percentage('visits.bounces', 'visits.visits') }} as bounce_rate,
        coalesce(visits.page_views, 0) as page_views,
        {% for model in attribution_models().split() -%}
            coalesce(attributed.conversions_{{ model }}, 0) as conversions_{{ model }},
            case when attributed.campaign is null then 0 else attributed.value_{{ model }} end
                as value_{{ model }},
        {% endfor -%}
        coalesce(attributed.named_conversions, 0) as named_conversions,
        case when attributed.campaign is null then 0 else attributed.named_value end as named_value,
        attributed.value_currency,
        coalesce(attributed.values_by_currency, '{}'::jsonb) as values_by_currency,
        case when spent.cost <> '{}' then {{ only_amount('spent.cost') }} end as cost,
        {{ only_currency('spent.cost') }} as cost_currency,
        coalesce(spent.cost, '{}'::jsonb) as costs
    from campaigns
    left join visits on campaigns.campaign = visits.campaign
    left join attributed on campaigns.campaign = attributed.campaign
    left join spent on campaigns.campaign = spent.campaign
)

select * from final
