{#-
  Which visits led to which conversions, and what part each has by each model. The definitions are in
  the docs blocks.
-#}
{{ config(
    touched={'relation': 'int_touched_visitor_days', 'keys': ['visitor_id']},
    changes=[{
        'grain': 'attribution_day',
        'columns': ['visitor_id', 'conversion_id', 'touch', 'occurred_date', 'channel', 'campaign', 'value',
            'currency', 'named_campaign'] + attribution_models().split(),
        'date': 'occurred_date',
    }],
    indexes=[{'columns': ['occurred_date']}],
) }}

-- depends_on: {{ ref('int_touched_grains') }}

with

goals as (
    select * from {{ ref('int_events') }}
    where
        is_key_event
        and (category = 'conversion' or (category, event_type) = ('order', 'payment_completed'))
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

-- an order that is told both as paid and as a purchase is one conversion
numbered_goals as (
    select
        *,
        case when category = 'order' then 'purchase' else event_type end as conversion_type,
        row_number() over (
            partition by
                visitor_id,
                case when category = 'order' or event_type = 'purchase' then order_id end,
                case
                    when order_id is null or (category <> 'order' and event_type <> 'purchase') then event_id
                end
            order by category asc, occurred_at asc, event_id asc
        ) as telling
    from goals
),

conversions as (
    select * from numbered_goals
    where telling = 1
),

touches as (
    select * from {{ ref('int_sessions') }}
    where
        {{ is_touch() }}
        and {{ only_touched(['visitor_id'], ref('int_touched_visitor_days')) }}
),

touched as (
    select
        conversions.visitor_id,
        conversions.event_id as conversion_id,
        conversions.conversion_type,
        conversions.occurred_at,
        conversions.occurred_date,
        conversions.value,
        case when conversions.value is not null then coalesce(conversions.currency, '{{ unknown() }}') end
            as currency,
        conversions.campaign_id as named_campaign,
        touches.stream,
        touches.started_at,
        coalesce(
            touches.channel, case when conversions.is_visitor_known then 'Direct' else 'Unassigned' end
        ) as channel,
        touches.utm_campaign as campaign
    from conversions
    left join touches
        on
            conversions.visitor_id = touches.visitor_id
            and conversions.is_visitor_known
            and conversions.occurred_at >= touches.started_at
            and conversions.occurred_at
            < touches.started_at + interval '{{ var("attribution_lookback_days") }} days'
),

ordered as (
    select
        *,
        row_number() over path as touch,
        count(*) over conversion as touches,
        -- half as much for every seven days; in decimals, so that sums do not hang on their order
        round(power(
            2, -extract(epoch from occurred_at - coalesce(started_at, occurred_at))::double precision / 604800
        )::numeric, 15) as weight
    from touched
    window
        conversion as (partition by visitor_id, conversion_id),
        path as (partition by visitor_id, conversion_id order by started_at, stream)
),

weighed as (
    select
        *,
        touch = touches as is_last,
        sum(weight) over conversion as total_weight,
        max(touch) filter (where channel <> 'Direct') over conversion as last_non_direct_touch
    from ordered
    window conversion as (partition by visitor_id, conversion_id)
),

final as (
    select
        visitor_id,
        conversion_id,
        touch,
        conversion_type,
        occurred_at,
        occurred_date,
        value,
        currency,
        named_campaign,
        stream,
        started_at,
        channel,
        campaign,
        is_last,
        (touch = 1)::int::numeric(10, 9) as first_touch,
        is_last::int::numeric(10, 9) as last_touch,
        (touch = coalesce(last_non_direct_touch, touches))::int::numeric(10, 9) as last_non_direct,
        {{ credit('1.0 / touches') }} as linear,
        {{ credit(share_by_position()) }} as position_based,
        {{ credit('weight / total_weight') }} as time_decay
    from weighed
    window conversion as (partition by visitor_id, conversion_id)
)

select * from final
