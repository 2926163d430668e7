with

events as (
    select * from {{ source('raw', 'events') }}
),

renamed as (
    select
        -- keys
        event_id,
        case when user_id is null then coalesce({{ device_of_event() }}, visitor_id) else visitor_id end
            as visitor_id,
        load_id,

        -- who
        user_id,
        anonymous_id,
        session_id,
        {{ device_of_event() }} as device_id,
        user_id is not null as is_user,
        coalesce(user_id, anonymous_id, session_id) is not null as is_visitor_known,
        false as is_stitched,

        -- what
        source,
        category,
        event_type,
        case
            when {{ is_product_deed_of_user() }} then coalesce(entity_type, 'product')
            when {{ is_error() }} then 'error'
            when category = 'content' then coalesce(entity_type, 'content')
            else entity_type
        end as entity_type,
        case
            when {{ is_product_deed_of_user() }} then coalesce(entity_id, {{ product_of_properties() }})
            when {{ is_error() }} then event_id::text
            -- as Postgres writes the ids of events, which is how errors are called
            when category = 'system' and entity_type = 'error' then lower(entity_id)
            else entity_id
        end as entity_id,
        {{ is_key_event() }} as is_key_event,
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
        {{ campaign_parameter('utm_source') }} as utm_source,
        {{ campaign_parameter('utm_medium') }} as utm_medium,
        coalesce(
            {{ campaign_parameter('utm_campaign') }},
            case when category = 'campaign' and event_type = 'visit' then entity_id end
        ) as utm_campaign,
        {{ campaign_parameter('utm_term') }} as utm_term,
        {{ campaign_parameter('utm_content') }} as utm_content,
        {{ click_id_type() }} as click_id_type,
        {{ referrer_host() }} as referrer_host,
        context ->> 'device' as device,
        context ->> 'browser' as browser,
        context ->> 'os' as os,
        context ->> 'country' as country,
        context ->> 'region' as region,
        context ->> 'city' as city,

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
        properties -> 'is_traveler' = 'true'::jsonb as is_traveler,
        {% for column in pointer_columns() -%}
            {{ number_of('page', column) }}::numeric(38, 3) as {{ column }},
        {% endfor -%}
        left({{ property_of('page', 'element_selector') }}, 255) as element_selector,
        case category
            when 'order' then entity_id
            when 'conversion' then left(properties ->> 'order_id', 255)
        end as order_id,
        left({{ property_of('conversion', 'campaign_id') }}, 255) as campaign_id,
        left({{ property_of('experiment', 'variant') }}, 255) as variant
    from events
)

select * from renamed
