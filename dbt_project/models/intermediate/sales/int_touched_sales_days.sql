{{ config(materialized='view') }}

{{ touched_days_of(touched_orders(), ref('int_order_events')) }}
