with

events as (
    select * from {{ source('raw', 'events') }}
),

renamed as (
    select
        -- keys
        event_id,
        visitor_id,
        load_id,

        -- who
        user_id,
        anonymous_id,
        session_id,
        user_id is not null as is_user,
        coalesce(user_id, anonymous_id, session_id) is not null as is_visitor_known,

        -- what
        source,
        category,
        event_type,
        entity_type,
        entity_id,
        value::numeric(38, 9) as value,
        currency,
        quantity::numeric(38, 9) as quantity,

        -- when
        occurred_at,
        (occurred_at at time zone '{{ var("reporting_timezone") }}')::date as occurred_date,
        received_at,

        -- where
        coalesce(context ->> 'page_path', context ->> 'page_url') as page,
        context ->> 'referrer' as referrer,
        context ->> 'utm_source' as utm_source,
        context ->> 'utm_medium' as utm_medium,
        context ->> 'utm_campaign' as utm_campaign,
        context ->> 'device' as device,
        context ->> 'browser' as browser,
        context ->> 'os' as os,
        context ->> 'country' as country,

        -- details
        properties ->> 'product_name' as product_name,
        ({{ json_number('properties', 'response_time_ms') }})::numeric(38, 3) as response_time_ms,
        properties -> 'is_traveler' = 'true'::jsonb as is_traveler
    from events
)

select * from renamed
