{#- Every settled event is counted by its type on its day, and every one about content for its entity.
    Reads all of raw: for the nightly check, not for every run. -#}
{{ config(tags='reconciliation') }}

with

settled as (
    select events.*
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('stg_raw__loads') }} as loads on events.load_id = loads.load_id
    where loads.state = 'settled'
),

settled_types as (
    select
        category,
        event_type,
        occurred_date as date,
        count(*) as events
    from settled
    group by category, event_type, occurred_date
),

settled_views as (
    select
        entity_type,
        entity_id,
        count(*) as views
    from settled
    where category = 'content' and event_type = 'view' and entity_id is not null
    group by entity_type, entity_id
),

settled_clicks as (
    select
        entity_id as page_url,
        count(*) as events
    from settled
    where category = 'page' and entity_type = 'page' and entity_id is not null
    group by entity_id
),

clicks as (
    select
        page_url,
        sum(events) as events
    from {{ ref('page_heatmap') }}
    group by page_url
)

select
    'event_types_daily' as mart,
    coalesce(settled_types.category, types.category) as name
from settled_types
full outer join {{ ref('event_types_daily') }} as types
    on
        settled_types.category = types.category
        and settled_types.event_type = types.event_type
        and settled_types.date = types.date
where settled_types.events is distinct from types.events
union all
select
    'entity_engagement' as mart,
    settled_views.entity_id as name
from settled_views
left join {{ ref('entity_engagement') }} as entities
    on settled_views.entity_type = entities.entity_type and settled_views.entity_id = entities.entity_id
where settled_views.views is distinct from entities.total_views
union all
select
    'page_heatmap' as mart,
    coalesce(settled_clicks.page_url, clicks.page_url) as name
from settled_clicks
full outer join clicks on settled_clicks.page_url = clicks.page_url
where settled_clicks.events is distinct from clicks.events
