{{ config(
    touched={'relation': 'int_touched_entity_days', 'keys': ['entity_type', 'entity_id']},
    changes=[
        {
            'grain': 'user',
            'columns': ['entity_type', 'entity_id', 'author_id', 'likes', 'follows', 'unfollows'],
            'key': "unnest(array[author_id, case when entity_type = 'user' then entity_id end])",
        },
        {
            'grain': 'campaign',
            'columns': ['entity_type', 'entity_id', 'cost'],
            'key': "case when entity_type = 'campaign' then entity_id end",
        },
    ],
    indexes=[{'columns': ['author_id']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

days as (
    select * from {{ ref('int_entity_daily') }}
    where {{ only_touched(['entity_type', 'entity_id'], ref('int_touched_entity_days')) }}
),

conversion_values as (
    {{ sum_by_currency('days', 'conversion_value', ['entity_type', 'entity_id']) }}
),

costs as (
    {{ sum_by_currency('days', 'cost', ['entity_type', 'entity_id']) }}
),

totals as (
    select
        entity_type,
        entity_id,
        {% for column in engagement_counts() -%}
            sum({{ column }})::bigint as {{ column }},
        {% endfor -%}
        (array_agg(author_id order by occurred_date) filter (where author_id is not null))[1] as author_id,
        min(posted_at) as posted_at,
        min(first_occurred_at) as first_occurred_at,
        max(last_occurred_at) as last_occurred_at
    from days
    group by entity_type, entity_id
),

final as (
    select
        totals.*,
        coalesce(conversion_values.conversion_value, '{}'::jsonb) as conversion_value,
        coalesce(costs.cost, '{}'::jsonb) as cost
    from totals
    left join costs on totals.entity_type = costs.entity_type and totals.entity_id = costs.entity_id
    left join conversion_values
        on
            totals.entity_type = conversion_values.entity_type
            and totals.entity_id = conversion_values.entity_id
)

select * from final
