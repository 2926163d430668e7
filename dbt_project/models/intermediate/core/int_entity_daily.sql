{{ config(
    touched={
        'relation': 'int_touched_entity_days',
        'keys': ['entity_type', 'entity_id', 'occurred_date'],
    },
) }}

with

events as (
    select
        *,
        case
            when category = 'content' and event_type = 'post' and is_user then visitor_id
        end as author_id
    from {{ ref('int_events') }}
    where
        entity_type is not null
        and entity_id is not null
        and {{ is_about_content() }}
        and {{ only_touched(
            ['entity_type', 'entity_id', 'occurred_date'], ref('int_touched_entity_days')
        ) }}
),

conversion_values as (
    {{ value_by_currency(
        'events', 'conversion_value', ['entity_type', 'entity_id', 'occurred_date'], "category = 'conversion'"
    ) }}
),

costs as (
    {{ value_by_currency(
        'events', 'cost', ['entity_type', 'entity_id', 'occurred_date'], "category = 'campaign'"
    ) }}
),

counted as (
    select
        entity_type,
        entity_id,
        occurred_date,
        count(*) as events,
        count(*) filter (where {{ is_content('view') }}) as views,
        count(*) filter (where {{ is_engagement() }}) as interactions,
        count(*) filter (where {{ is_content('like') }}) as likes,
        count(*) filter (where {{ is_content('unlike') }}) as unlikes,
        count(*) filter (where {{ is_content('comment') }}) as comments,
        count(*) filter (where {{ is_content('share') }}) as shares,
        count(*) filter (where {{ is_content('bookmark') }}) as bookmarks,
        count(*) filter (where {{ is_content('unbookmark') }}) as unbookmarks,
        count(*) filter (where category = 'user') as clicks,
        count(*) filter (where {{ is_content('follow') }}) as follows,
        count(*) filter (where {{ is_content('unfollow') }}) as unfollows,
        count(*) filter (where category = 'conversion') as conversions,
        {{ first_value('author_id') }} as author_id,
        min(occurred_at) filter (where author_id is not null) as posted_at,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at
    from events
    group by entity_type, entity_id, occurred_date
),

final as (
    select
        counted.*,
        coalesce(conversion_values.conversion_value, '{}'::jsonb) as conversion_value,
        coalesce(costs.cost, '{}'::jsonb) as cost
    from counted
    left join costs
        on
            counted.entity_type = costs.entity_type
            and counted.entity_id = costs.entity_id
            and counted.occurred_date = costs.occurred_date
    left join conversion_values
        on
            counted.entity_type = conversion_values.entity_type
            and counted.entity_id = conversion_values.entity_id
            and counted.occurred_date = conversion_values.occurred_date
)

select * from final
