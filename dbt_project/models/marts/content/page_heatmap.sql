{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'page_url': 'entity_id'},
        'where': "entity_type = 'page'",
    },
) }}

with

days as (
    select * from {{ ref('int_heatmap_daily') }}
    where {{ only_touched(
        ['page_url'], ref('int_touched_entity_days'), ['entity_id'], "entity_type = 'page'"
    ) }}
),

final as (
    select
        page_url,
        element_selector,
        cell_x,
        cell_y,
        cell_x * {{ heatmap_cell() }} as x_from,
        cell_y * {{ heatmap_cell() }} as y_from,
        sum(events)::bigint as events,
        sum(clicks)::bigint as clicks,
        sum(hovers)::bigint as hovers,
        round(sum(scroll_depth) / nullif(sum(scroll_events), 0), 1) as average_scroll_depth,
        max(max_scroll_depth) as max_scroll_depth,
        min(first_occurred_at) as first_occurred_at,
        max(last_occurred_at) as last_occurred_at
    from days
    group by page_url, element_selector, cell_x, cell_y
)

select * from final
