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
        case
            when {{ is_product_deed_of_user() }} then coalesce(entity_type, 'product')
            when {{ is_error() }} then 'error'
            else entity_type
        end as entity_type,
        case
            when {{ is_product_deed_of_user() }} then coalesce(entity_id, {{ product_of_properties() }})
            when {{ is_error() }} then event_id::text
            -- as Postgres writes the ids of events, which is how errors are called
            when category = 'system' and entity_type = 'error' then lower(entity_id)
            else entity_id
        end as entity_id,
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
        {{ search_term() }} as search_term,
        {{ number_of('user', 'results') }}::numeric(38, 0) as search_results,
        left({{ property_of('recommendation', 'surface') }}, 255) as surface,
        case
            when category = 'recommendation'
                then coalesce({{ product_of_properties() }}, entity_id)
        end as recommended_product_id,
        left({{ property_of('order', 'payment_method') }}, 255) as payment_method,
        {{ number_of('order', 'items_count') }}::numeric(38, 0) as items_count,
        coalesce(
            {{ property_of('order', 'failure_reason') }}, {{ property_of('order', 'cancel_reason') }}
        ) as reason,
        {{ number_of('system', 'response_time_ms') }}::numeric(38, 3) as response_time_ms,
        {{ number_of('system', 'status_code') }}::numeric(38, 0) as status_code,
        {{ property_of('system', 'level') }} as level,
        coalesce(
            {{ property_of('system', 'message') }}, {{ property_of('system', 'error_message') }}
        ) as message,
        {{ property_of('system', 'url') }} as url,
        {{ property_of('system', 'method') }} as method,
        {{ property_of('system', 'stack_trace') }} as stack_trace,
        properties -> 'is_traveler' = 'true'::jsonb as is_traveler
    from events
)

select * from renamed
