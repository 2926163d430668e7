"""The report on the platform as a whole."""

from __future__ import annotations

from pipeline.reports.contents import Chart, Headline, Period, Report, Section, read_table
from warehouse.connections import Connection

KIND = "platform"
DAYS = 30

_HEADLINES = (
    ("active_users", "Active users", ""),
    ("new_users", "New users", ""),
    ("sessions", "Sessions", ""),
    ("page_views", "Page views", ""),
    ("bounce_rate", "Bounce rate", " %"),
    ("avg_session_duration", "Session length", " s"),
    ("events", "Events", ""),
    ("error_count", "Errors", ""),
)


def describe_platform(connection: Connection, period: Period) -> Report:
    """Return the report on a period; its headlines are those of its last day.

    Args:
        connection: Of the pipeline.
        period: Its days.
    """
    return Report(
        KIND,
        "",
        "Platform",
        period,
        _headlines(connection, period),
        (
            _people(connection, period),
            _activity(connection, period),
            _sales(connection, period),
            _products(connection, period),
            _content(connection, period),
            _errors(connection, period),
            _endpoints(connection, period),
            _quality(connection, period),
        ),
    )


def _headlines(connection: Connection, period: Period) -> tuple[Headline, ...]:
    names = ", ".join(name for name, _, _ in _HEADLINES)
    table = read_table(
        connection,
        f"select {names} from marts.daily_analytics"  # noqa: S608 - names of ours
        " where date in (%(last)s, %(last)s - 7) order by date desc",
        last=period.last,
    )
    rows = table.to_dict("records")
    now = rows[0] if rows else {}
    before = rows[1] if len(rows) > 1 else {}
    return tuple(
        Headline(name, label, now.get(name), before.get(name), unit)
        for name, label, unit in _HEADLINES
    )


def _people(connection: Connection, period: Period) -> Section:
    return Section(
        "people",
        "People",
        ("date",),
        {
            "date": "Day",
            "active_users": "Active users",
            "new_users": "New users",
            "new_registrations": "Registrations",
            "total_users": "Users so far",
        },
        read_table(
            connection,
            "select date, active_users, new_users, new_registrations, total_users"
            " from marts.daily_analytics where date between %(first)s and %(last)s order by date",
            **period._asdict(),
        ),
        Chart("lines", ("active_users", "new_users")),
    )


def _activity(connection: Connection, period: Period) -> Section:
    return Section(
        "activity",
        "Activity",
        ("date",),
        {
            "date": "Day",
            "sessions": "Sessions",
            "page_views": "Page views",
            "events": "Events",
            "avg_session_duration": "Session length, s",
            "bounce_rate": "Bounce rate, %",
        },
        read_table(
            connection,
            "select date, sessions, page_views, events, avg_session_duration, bounce_rate"
            " from marts.daily_analytics where date between %(first)s and %(last)s order by date",
            **period._asdict(),
        ),
        Chart("bars", ("sessions", "page_views")),
    )


def _sales(connection: Connection, period: Period) -> Section:
    return Section(
        "sales",
        "Sales",
        ("date", "currency"),
        {
            "date": "Day",
            "currency": "Currency",
            "orders": "Orders",
            "cancelled_orders": "Cancelled",
            "revenue": "Revenue",
            "refunds": "Refunds",
            "net_revenue": "Net revenue",
            "average_order_value": "Average order",
        },
        read_table(
            connection,
            "select date, currency, orders, cancelled_orders, revenue, refunds, net_revenue,"
            " average_order_value from marts.sales_daily"
            " where date between %(first)s and %(last)s order by date, currency",
            **period._asdict(),
        ),
        Chart("bars", ("net_revenue",), by="currency"),
        "Each currency for itself: amounts are never converted or added.",
    )


def _products(connection: Connection, period: Period) -> Section:
    return Section(
        "products",
        "Products that were viewed most",
        ("product",),
        {
            "product": "Product",
            "views": "Views",
            "clicks": "Clicks",
            "cart_additions": "Into the cart",
            "purchases": "Purchases",
        },
        read_table(
            connection,
            "select coalesce(min(metrics.product_name), days.product_id) as product,"
            " sum(days.views) as views, sum(days.clicks) as clicks,"
            " sum(days.cart_additions) as cart_additions, sum(days.purchases) as purchases"
            " from marts.product_daily as days"
            " left join marts.product_metrics as metrics using (product_id)"
            " where days.date between %(first)s and %(last)s"
            " group by days.product_id having sum(days.views) > 0"
            " order by views desc, product limit 10",
            **period._asdict(),
        ),
        Chart("ranking", ("views",)),
    )


def _content(connection: Connection, period: Period) -> Section:
    return Section(
        "content",
        "Content and communities",
        ("date",),
        {
            "date": "Day",
            "content_views": "Views of content",
            "new_posts": "Posts",
            "new_comments": "Comments",
            "total_likes": "Likes",
            "community_views": "Views of communities",
            "community_joins": "Joins",
        },
        read_table(
            connection,
            "select * from (select date, content_views, new_posts, new_comments, total_likes,"
            " community_views, community_joins from marts.daily_analytics"
            " where date between %(first)s and %(last)s) as days"
            " where exists (select from marts.daily_analytics"
            " where date between %(first)s and %(last)s"
            " and content_views + new_posts + new_comments + community_views + community_joins > 0)"
            " order by date",
            **period._asdict(),
        ),
        Chart("bars", ("new_posts", "new_comments", "total_likes"), stacked=True),
    )


def _errors(connection: Connection, period: Period) -> Section:
    return Section(
        "errors",
        "Errors",
        ("date", "level"),
        {
            "date": "Day",
            "level": "Level",
            "error_count": "Errors",
            "distinct_messages": "Messages",
            "affected_visitors": "Visitors concerned",
            "resolved": "Resolved",
        },
        read_table(
            connection,
            "select date, level, error_count, distinct_messages, affected_visitors, resolved"
            " from marts.errors_daily where date between %(first)s and %(last)s"
            " order by date, level",
            **period._asdict(),
        ),
        Chart("bars", ("error_count",), stacked=True, by="level"),
    )


def _endpoints(connection: Connection, period: Period) -> Section:
    return Section(
        "endpoints",
        "Slowest endpoints",
        ("endpoint",),
        {
            "endpoint": "Endpoint",
            "avg_response_time": "Mean, ms",
            "worst_hour_p95": "95th percentile of the worst hour, ms",
            "requests": "Requests",
            "errors": "Errors",
        },
        read_table(
            connection,
            "select endpoint,"
            " round(sum(avg_response_time * request_count)"
            " / nullif(sum(request_count) filter (where avg_response_time is not null), 0), 1)"
            " as avg_response_time,"
            " round(max(p95_response_time), 1) as worst_hour_p95, sum(request_count) as requests,"
            " sum(error_count) as errors"
            " from marts.endpoint_performance_hourly"
            " where date between %(first)s and %(last)s group by endpoint"
            " having max(p95_response_time) is not null"
            " order by avg_response_time desc, endpoint limit 10",
            **period._asdict(),
        ),
        Chart("ranking", ("avg_response_time",)),
    )


def _quality(connection: Connection, period: Period) -> Section:
    return Section(
        "quality",
        "Quality of the data",
        ("date",),
        {
            "date": "Day of receipt",
            "received": "Received",
            "stored": "Stored",
            "duplicate": "Duplicates",
            "quarantined": "Quarantined",
            "suppressed": "Suppressed",
            "expectations_failed": "Failed checks",
        },
        read_table(
            connection,
            "select date, received, stored, duplicate, quarantined, suppressed,"
            " expectations_failed from marts.data_quality_daily"
            " where date between %(first)s and %(last)s order by date",
            **period._asdict(),
        ),
        Chart("bars", ("stored", "duplicate", "quarantined", "suppressed"), stacked=True),
        "Days on which events were received; all other sections go by when they occurred.",
    )
