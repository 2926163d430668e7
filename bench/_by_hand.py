"""The limit: daily, user and product figures, by one hand-written statement each over raw events.

They are as an analyst would write them for one answer: nothing is kept for the next, and each
figure is made once. Each holds the rules that the marts have: whom an anonymous event belongs to,
and when a session ends.
"""

from __future__ import annotations

import time

from warehouse.connections import Connection, connect

_PERSONS = """
changes as (
    select
        coalesce(anonymous_id, session_id) as device_id, user_id, occurred_at, event_id,
        lag(user_id) over (
            partition by coalesce(anonymous_id, session_id) order by occurred_at, event_id
        ) as previous_user_id
    from raw.events
    where user_id is not null and coalesce(anonymous_id, session_id) is not null
),
persons as (
    select
        device_id, user_id,
        -- what a device did before anybody was known on it is the first one's
        case when previous_user_id is null then '-infinity' else occurred_at end as starts_at,
        coalesce(
            lead(occurred_at) over (partition by device_id order by occurred_at, event_id),
            'infinity'
        ) as ends_at
    from changes
    where user_id is distinct from previous_user_id
),
events as (
    select
        events.category, events.event_type, events.entity_type, events.entity_id,
        events.value, events.currency, events.quantity, events.session_id, events.properties,
        events.occurred_at, (events.occurred_at at time zone 'UTC')::date as date, events.event_id,
        coalesce(persons.user_id, events.visitor_id) as visitor_id,
        coalesce(persons.user_id, events.user_id) is not null as is_user
    from raw.events
    left join persons
        on events.user_id is null
        and coalesce(events.anonymous_id, events.session_id) = persons.device_id
        and events.occurred_at >= persons.starts_at and events.occurred_at < persons.ends_at
)"""
_SESSIONS = """
marked as (
    select
        *,
        count(*) filter (where session_id is null and is_new) over (
            partition by visitor_id, session_id order by occurred_at, event_id
        ) as number
    from (
        select
            visitor_id, session_id, is_user, event_type, occurred_at, event_id,
            occurred_at - lag(occurred_at) over (
                partition by visitor_id, session_id order by occurred_at, event_id
            ) > interval '30 minutes' as is_new
        from events where category <> 'system'
    ) as neighboured
    where session_id is null
),
sessions as (
    select
        visitor_id, bool_or(is_user) as is_user,
        (min(occurred_at) at time zone 'UTC')::date as date,
        extract(epoch from max(occurred_at) - min(occurred_at)) as seconds,
        count(*) = 1 and bool_and(event_type = 'page_view') as is_bounce
    from events
    where category <> 'system' and session_id is not null
    group by visitor_id, session_id
    union all
    select
        visitor_id, bool_or(is_user),
        (min(occurred_at) at time zone 'UTC')::date,
        extract(epoch from max(occurred_at) - min(occurred_at)),
        count(*) = 1 and bool_and(event_type = 'page_view')
    from marked
    group by visitor_id, number
)"""
_DAILY = f"""
with {_PERSONS},
{_SESSIONS},
counted as (
    select
        date,
        count(*) as events,
        count(distinct visitor_id) as active_users,
        count(*) filter (where category = 'user' and event_type = 'page_view') as page_views,
        count(*) filter (where category = 'community' and event_type = 'view') as community_views,
        count(*) filter (where category = 'community' and event_type = 'join') as community_joins,
        count(*) filter (where category = 'geo') as geo_access_attempts,
        count(*) filter (where category = 'content' and event_type = 'view') as content_views,
        count(*) filter (where category in ('content', 'community') and event_type = 'post')
            as new_posts,
        count(*) filter (where category in ('content', 'community') and event_type = 'comment')
            as new_comments,
        count(*) filter (where category in ('content', 'community') and event_type = 'like')
            as total_likes,
        count(*) filter (where category = 'system' and event_type = 'api_request') as api_requests,
        count(*) filter (where category = 'system' and event_type = 'error') as error_count,
        avg((properties ->> 'response_time_ms')::numeric) filter (where category = 'system')
            ::numeric(20, 1) as avg_response_time
    from events
    group by date
),
visits as (
    select
        date, count(*) as sessions, avg(seconds)::numeric(20, 1) as avg_session_duration,
        round(100.0 * count(*) filter (where is_bounce) / count(*), 1) as bounce_rate
    from sessions
    group by date
),
new as (
    select date, count(*) as new_users
    from (select min(date) as date from events group by visitor_id) as first
    group by date
)
select
    counted.*, coalesce(new_users, 0) as new_users,
    (sum(new_users) over (order by date))::bigint as total_users,
    coalesce(sessions, 0) as sessions, avg_session_duration,
    coalesce(bounce_rate, 0.0) as bounce_rate
from counted left join visits using (date) left join new using (date)
"""
_USER = f"""
with {_PERSONS},
{_SESSIONS},
visits as (
    select
        visitor_id, count(*) as sessions, sum(seconds) as seconds,
        count(*) filter (where is_bounce) as bounces
    from sessions
    where is_user
    group by visitor_id
),
counted as (
    select
        visitor_id,
        min(occurred_at) as first_activity,
        max(occurred_at) as last_activity,
        count(distinct date) as active_days,
        count(*) as total_events
    from events
    where is_user
    group by visitor_id
)
select
    visitor_id as user_id, first_activity, last_activity, active_days, total_events,
    coalesce(sessions, 0) as total_sessions,
    coalesce(round(seconds, 1), 0) as total_time_spent,
    round(seconds / sessions, 1) as avg_session_duration,
    coalesce(round(100.0 * bounces / sessions, 1), 0.0) as bounce_rate
from counted left join visits using (visitor_id)
"""
_TOTALS = """
        count(*) filter (where event_type = 'view') as {views},
        count(*) filter (where event_type = 'click') as {clicks},
        count(*) filter (where event_type in ('favorite', 'wishlist_add')) as favorites,
        count(*) filter (where event_type in ('unfavorite', 'wishlist_remove')) as unfavorites,
        count(*) filter (where event_type = 'cart_add') as {cart_additions},
        count(*) filter (where event_type = 'cart_remove') as {cart_removals},
        count(*) filter (where event_type = 'purchase') as {purchases},
        coalesce(sum(coalesce(quantity, 1)) filter (where event_type = 'purchase'), 0)
            ::numeric(38, 3) as {units_sold}"""
_PRODUCT = f"""
select
    entity_id as product_id,
    (array_agg(properties ->> 'product_name' order by occurred_at desc, event_id desc)
        filter (where properties ->> 'product_name' is not null))[1] as product_name,
    max(occurred_at) as last_updated,
    {
    _TOTALS.format(
        views="total_views",
        clicks="total_clicks",
        cart_additions="total_cart_additions",
        cart_removals="total_cart_removals",
        purchases="total_sales",
        units_sold="total_units_sold",
    )
}
from raw.events
where category = 'product'
group by entity_id
"""
_PRODUCT_DAYS = f"""
with {_PERSONS}
select
    entity_id as product_id, date,
    count(distinct visitor_id) as unique_visitors,
    count(distinct visitor_id) filter (where is_user) as unique_users,
    {
    _TOTALS.format(
        views="views",
        clicks="clicks",
        cart_additions="cart_additions",
        cart_removals="cart_removals",
        purchases="purchases",
        units_sold="units_sold",
    )
}
from events
where category = 'product'
group by entity_id, date
"""
_STATEMENTS = {
    "daily_analytics": _DAILY,
    "user_analytics": _USER,
    "product_metrics": _PRODUCT,
    "product_daily": _PRODUCT_DAYS,
}


def make_by_hand(dsn: str) -> dict[str, float]:
    """Run each statement, and make sure that the mart says the same.

    Args:
        dsn: DSN of a role that reads raw events and marts.

    Returns:
        Seconds of each, by mart.

    Raises:
        AssertionError: A mart says something else; the message has the first rows.
    """
    seconds = {}
    with connect(dsn, autocommit=True) as connection:
        for mart, statement in _STATEMENTS.items():
            started = time.perf_counter()
            connection.execute(f"create temporary table by_hand as {statement}".encode())
            seconds[mart] = time.perf_counter() - started
            different = _differences(connection, mart)
            assert not different, f"{mart}: {different[:6]}"
            connection.execute("drop table by_hand")
    return seconds


def _differences(connection: Connection, mart: str) -> list[tuple[object, ...]]:
    rows = connection.execute(
        "select attname from pg_attribute"
        " where attrelid = 'by_hand'::regclass and attnum > 0 order by attnum"
    )
    columns = ", ".join(row[0] for row in rows)
    return connection.execute(
        f"(table by_hand except select {columns} from marts.{mart}) union all"
        f" (select {columns} from marts.{mart} except table by_hand) order by 1".encode()
    ).fetchall()
