{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': {'entity_type': 'entity_type', 'entity_id': 'entity_id'},
    },
    indexes=[{'columns': ['last_interaction']}],
) }}

with

entities as (
    select * from {{ ref('int_entities') }}
    where
        entity_type <> 'campaign'
        and {{ only_touched(['entity_type', 'entity_id'], ref('int_touched_entity_days')) }}
),

final as (
    select
        entity_type,
        entity_id,
        author_id,
        posted_at,
        views as total_views,
        interactions as total_interactions,
        likes - unlikes as total_likes,
        comments as total_comments,
        shares as total_shares,
        bookmarks - unbookmarks as total_bookmarks,
        clicks as total_clicks,
        follows - unfollows as total_followers,
        conversions as total_conversions,
        {{ only_amount('conversion_value') }} as total_conversion_value,
        {{ only_currency('conversion_value') }} as conversion_currency,
        conversion_value as conversion_values,
        {{ percentage('interactions', 'views') }} as engagement_rate,
        first_occurred_at as first_interaction,
        last_occurred_at as last_interaction
    from entities
)

select * from final
