with

loads as (
    select * from {{ source('raw', 'loads') }}
),

renamed as (
    select
        load_id,
        run_id,
        state,
        stored as stored_events,
        first_received_at,
        last_received_at
    from loads
    where stored > 0
)

select * from renamed
