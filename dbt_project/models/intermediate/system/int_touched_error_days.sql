{{ config(materialized='view') }}

{{ touched_days_of(touched_errors(), ref('int_error_events')) }}
