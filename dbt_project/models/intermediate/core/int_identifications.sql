{#-
  Who was known on which device, moment by moment: where the user of a device changes within a day, and
  the first who is known on each day. Kept by day, so that an event that arrives late finds the users
  before and after it without a look at the device's whole history.
-#}
{{ config(
    touched={
        'relation': 'int_claimed_events',
        'keys': ['device_id', 'occurred_date'],
        'where': identifies_device(),
    },
    retired='int_retired_device_days',
) }}

{%- set claimed_events = ref('int_claimed_events') %}
{%- set stored_events = existing_relation('int_events') %}

with

{% if is_incremental() and stored_events %}
    claimed as (
        select
            device_id,
            occurred_date,
            user_id,
            occurred_at,
            event_id
        from {{ claimed_events }}
        where {{ identifies_device() }}
    ),

    touched as (
        select distinct
            device_id,
            occurred_date
        from claimed
    ),

    users_so_far as (
        select distinct
            stored.device_id,
            stored.occurred_date,
            stored.user_id
        from {{ this }} as stored
        inner join touched
            on stored.device_id = touched.device_id and stored.occurred_date = touched.occurred_date
    ),

    stored as (
        select
            events.device_id,
            events.occurred_date,
            events.user_id,
            events.occurred_at,
            events.event_id
        from users_so_far
        inner join {{ stored_events }} as events
            on
                users_so_far.user_id = events.visitor_id
                and users_so_far.device_id = events.device_id
                and events.occurred_at >= {{ day_start('users_so_far.occurred_date') }}
                and events.occurred_at < {{ day_end('users_so_far.occurred_date') }}
        where not events.is_stitched
    ),

    identifying as (
        select * from claimed
        union
        select * from stored
    ),
{% else %}
    settled as (
        {{ settled_events() }}
    ),

    identifying as (
        select
            device_id,
            occurred_date,
            user_id,
            occurred_at,
            event_id
        from settled
        where {{ identifies_device() }}
    ),
{% endif %}

by_user as (
    select
        device_id,
        occurred_date,
        user_id,
        min(occurred_at) as identified_at,
        count(*) over (partition by device_id, occurred_date) as users
    from identifying
    group by device_id, occurred_date, user_id
),

-- of most devices, on most days, one user at most is known; of the others, all events are looked at
followed as (
    select
        identifying.*,
        lag(identifying.user_id) over (
            partition by identifying.device_id, identifying.occurred_date
            order by identifying.occurred_at, identifying.event_id
        ) as previous_user_id
    from identifying
    inner join by_user
        on
            identifying.device_id = by_user.device_id
            and identifying.occurred_date = by_user.occurred_date
            and identifying.user_id = by_user.user_id
    where by_user.users > 1
),

final as (
    select
        device_id,
        identified_at,
        1::bigint as position,
        occurred_date,
        user_id
    from by_user
    where users = 1
    union all
    select
        device_id,
        occurred_at as identified_at,
        row_number() over (partition by device_id, occurred_at order by event_id) as position,
        occurred_date,
        user_id
    from followed
    where user_id is distinct from previous_user_id
)

select * from final
