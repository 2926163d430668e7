"""Thirty questions that dashboards ask of the marts, and how long the answers take."""

from __future__ import annotations

import time
from typing import NamedTuple

from psycopg import Connection

from warehouse.connections import connect

_ROUNDS = 5


class Asked(NamedTuple):
    """A question, and the time to its answer.

    Attributes:
        name: What is asked.
        milliseconds: The median of several times.
    """

    name: str
    milliseconds: float


# the day is one of the middle of the history
QUERIES = {
    "headline figures of a day": "select * from daily_analytics where date = %(day)s",
    "active users of four weeks": "select date, active_users, new_users from daily_analytics"
    " where date > %(day)s - 28 and date <= %(day)s order by date",
    "a year of page views by month": "select date_trunc('month', date), sum(page_views)"
    " from daily_analytics group by 1 order by 1",
    "bounce rate and duration of a quarter": "select date, bounce_rate, avg_session_duration"
    " from daily_analytics where date > %(day)s - 90 and date <= %(day)s order by date",
    "errors and requests of a week": "select date, error_count, api_requests, avg_response_time"
    " from daily_analytics where date > %(day)s - 7 and date <= %(day)s order by date",
    "one user": "select * from user_analytics where user_id = %(visitor)s",
    "the users active last": "select user_id, last_activity, total_events from user_analytics"
    " order by last_activity desc limit 50",
    "sessions of a visitor": "select * from sessions where visitor_id = %(visitor)s"
    " order by started_at desc limit 50",
    "devices of a day's sessions": "select device, count(*), avg(duration_seconds) from sessions"
    " where started_date = %(day)s group by device order by 2 desc",
    "countries of a day's sessions": "select country, count(*) from sessions"
    " where started_date = %(day)s group by country order by 2 desc limit 20",
    "entry pages of a day": "select entry_page, count(*), avg(is_bounce::int) from sessions"
    " where started_date = %(day)s group by entry_page order by 2 desc limit 20",
    "sources of a day's sessions": "select utm_source, utm_medium, count(*) from sessions"
    " where started_date = %(day)s group by 1, 2 order by 3 desc",
    "one product": "select * from product_metrics where product_id = %(product)s",
    "products viewed most": "select product_id, product_name, total_views from product_metrics"
    " order by total_views desc limit 20",
    "products sold most": "select product_id, product_name, total_sales, revenue"
    " from product_metrics order by total_sales desc limit 20",
    "a product's last month": "select date, views, purchases, revenue from product_daily"
    " where product_id = %(product)s and date > %(day)s - 30 and date <= %(day)s order by date",
    "a product's year by week": "select week, views, unique_visitors from product_weekly"
    " where product_id = %(product)s order by week",
    "a month's products": "select product_id, views, purchases, unique_visitors"
    " from product_monthly where month = date_trunc('month', %(day)s::date)"
    " order by purchases desc limit 20",
    "the day's searches": "select search_term, searches, searches_with_product"
    " from search_terms_daily where date = %(day)s order by searches desc limit 20",
    "searches without results in a week": "select search_term, sum(no_result_searches)"
    " from search_terms_daily where date > %(day)s - 7 and date <= %(day)s"
    " group by 1 order by 2 desc limit 20",
    "recommendations of a month": "select date, surface, recommendations_shown,"
    " recommendations_clicked from recommendations_daily"
    " where date > %(day)s - 30 and date <= %(day)s order by date",
    "one order": "select * from orders where order_id = %(order)s",
    "orders of a user": "select * from orders where user_id = %(visitor)s"
    " order by placed_at desc limit 20",
    "orders of a day by state": "select status, count(*), sum(total) from orders"
    " where order_date = %(day)s group by status",
    "revenue of a year": "select date, revenue, orders from sales_daily"
    " where currency = 'EUR' order by date",
    "payment methods of a month": "select payment_method, sum(revenue), sum(payments_failed)"
    " from payment_methods_daily where date > %(day)s - 30 and date <= %(day)s"
    " and currency = 'EUR' group by 1",
    "slowest endpoints of a day": "select endpoint, max(p95_response_time), sum(request_count)"
    " from endpoint_performance_hourly where date = %(day)s group by 1 order by 2 desc limit 20",
    "an endpoint's day by hour": "select hour, request_count, error_rate, p95_response_time"
    " from endpoint_performance_hourly where endpoint = %(endpoint)s and date = %(day)s"
    " order by hour",
    "unresolved errors": "select error_id, level, message, created_at from errors"
    " where not is_resolved order by created_at desc limit 50",
    "quality of a month": "select date, received, stored, duplicate_rate from data_quality_daily"
    " order by date desc limit 30",
}

_EXAMPLES = """
select
    (select max(date) - 180 from daily_analytics),
    (select user_id from orders where user_id is not null order by placed_at desc limit 1),
    (select order_id from orders order by placed_at desc limit 1),
    (select product_id from product_metrics order by total_views desc limit 1),
    (select endpoint from endpoint_performance_hourly limit 1)
"""


def ask_all(reader: str) -> list[Asked]:
    """Ask every question several times, as the role that reads, and return them, slowest last.

    Args:
        reader: DSN of that role.
    """
    with connect(reader, autocommit=True) as connection:
        connection.execute("set search_path = marts")
        row = connection.execute(_EXAMPLES.encode()).fetchone()
        assert row is not None
        examples = dict(zip(("day", "visitor", "order", "product", "endpoint"), row, strict=True))
        asked = [Asked(name, _median(connection, QUERIES[name], examples)) for name in QUERIES]
    return sorted(asked, key=lambda one: one.milliseconds)


def _median(
    connection: Connection[tuple[object, ...]], query: str, examples: dict[str, object]
) -> float:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        connection.execute(query.encode(), examples).fetchall()
        times.append(time.perf_counter() - started)
    return sorted(times)[_ROUNDS // 2] * 1000
