{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'page_url': 'entity_id', 'occurred_date': 'occurred_date'},
        'where': "entity_type = 'page'",
    },
    indexes=[{'columns': ['page_url', 'occurred_date']}],
) }}

with

events as (
    select * from {{ ref('int_events') }}
    where
        entity_type = 'page'
        and entity_id is not null
        and category = 'page'
        and {{ only_touched(
            ['entity_id', 'occurred_date'], ref('int_touched_entity_days'), where="entity_type = 'page'"
        ) }}
),

celled as (
    select
        *,
        coalesce(element_selector, '{{ unknown() }}') as element,
        coalesce(floor(x_position / {{ heatmap_cell() }}), -1)::bigint as cell_x,
        coalesce(floor(y_position / {{ heatmap_cell() }}), -1)::bigint as cell_y
    from events
),

final as (
    select
        entity_id as page_url,
        element as element_selector,
        cell_x,
        cell_y,
        occurred_date,
        count(*) as events,
        coalesce(sum(click_count), 0)::numeric(38, 3) as clicks,
        coalesce(sum(hover_count), 0)::numeric(38, 3) as hovers,
        count(scroll_depth) as scroll_events,
        coalesce(sum(scroll_depth), 0)::numeric(38, 3) as scroll_depth,
        max(scroll_depth)::numeric(38, 3) as max_scroll_depth,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from celled
    group by entity_id, element, cell_x, cell_y, occurred_date
)

select * from final
