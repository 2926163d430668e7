"""The marts about sales: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from expectations.suites import ATTRIBUTION_MODELS
from tests.expectations.cases import MONDAY, NOON, Cases

ORDERS = (
    {
        "order_id": "o1",
        "status": "refunded",
        "order_date": MONDAY,
        "placed_at": NOON,
        "last_event_at": NOON + timedelta(days=1),
        "currency": "EUR",
        "total": 10,
        "items_count": 2,
        "refunds": 1,
        "refunded": 4,
        "is_sale": True,
    },
    {
        "order_id": "o2",
        "order_date": MONDAY,
        "placed_at": NOON,
        "last_event_at": NOON,
        "currency": "unknown",
        "total": None,
        "is_cancelled": True,
    },
)
SALES_DAYS = (
    {"date": MONDAY, "currency": "EUR", "orders": 2, "cancelled_orders": 1, "sales": 1},
    {"date": MONDAY + timedelta(1), "currency": "EUR"},
    {"date": MONDAY, "currency": "unknown", "orders": 1, "sales": 1},
)
PAYMENT_METHODS = (
    {
        "date": MONDAY,
        "payment_method": "card",
        "currency": "EUR",
        "orders": 2,
        "sales": 1,
        "payments_completed": 1,
        "payments_failed": 1,
        "failure_rate": 50,
    },
)
ACQUISITION = (
    {
        "channel": "Email",
        "date": MONDAY,
        "visits": 3,
        "new_visitors": 1,
        "bounce_rate": 50,
        "page_views": 5,
        **{f"conversions_{model}": 0.5 for model in ATTRIBUTION_MODELS},
        "values_by_currency": "{}",
    },
    {
        "channel": "Direct",
        "date": MONDAY,
        **{f"conversions_{model}": 0.5 for model in ATTRIBUTION_MODELS},
        "values_by_currency": "{}",
    },
)
CUSTOMERS = (
    {
        "user_id": "u1",
        "first_order_date": MONDAY,
        "last_order_date": MONDAY + timedelta(3),
        "orders": 3,
        "order_days": 2,
        "frequency": 1,
        "recency_days": 3,
        "age_days": 5,
        "revenue": 30,
    },
    {
        "user_id": "u2",
        "first_order_date": MONDAY,
        "last_order_date": MONDAY,
        "orders": 1,
        "order_days": 1,
    },
)
CASES = Cases(
    rows={
        "acquisition_daily": ACQUISITION,
        "customers": CUSTOMERS,
        "orders": ORDERS,
        "sales_daily": SALES_DAYS,
        "payment_methods_daily": PAYMENT_METHODS,
    },
    # money can be given back, and growth can be a decline
    signed=frozenset(
        {
            *("total", "refunded", "net_total", "revenue", "refunds", "net_revenue"),
            *("average_order_value", "revenue_growth_day", "revenue_growth_week"),
            *(f"value_{model}" for model in ATTRIBUTION_MODELS),
        }
    ),
    defects=[
        (
            "acquisition_daily",
            "channel = 'Email', new_visitors = 4, bounce_rate = 101, conversions_linear = 3,"
            " date = current_date + 2",
            [
                "channel, date are unique",
                "new_visitors is never greater than visits",
                "bounce_rate is at least 0 and at most 100",
                "all models share out as many conversions of a day",
                "no date is in the future",
            ],
        ),
        (
            "customers",
            "user_id = 'u1', frequency = -1, order_days = 0, last_order_date = '2024-06-02',"
            " age_days = -1",
            [
                "user_id is unique",
                "order_days is at least 1",
                "is ever negative",
                "first_order_date is never greater than last_order_date",
                "recency_days is never greater than age_days",
            ],
        ),
        (
            "customers",
            "orders = 0, frequency = 9, first_order_date = current_date + 2,"
            " last_order_date = current_date + 2",
            [
                "order_days is never greater than orders",
                "frequency is never greater than recency_days",
                "no first_order_date is in the future",
                "no last_order_date is in the future",
            ],
        ),
        (
            "orders",
            "order_id = 'o1', currency = 'euro', is_sale = true, order_date = current_date + 2,"
            " last_event_at = now() + interval '1 hour'",
            [
                "order_id is unique",
                "every currency is a code",
                "no cancelled order counts as a sale",
                "no order_date is in the future",
                "no event is in the future",
            ],
        ),
        ("orders", "placed_at = '2024-07-01'", ["placed_at is never greater than last_event_at"]),
        ("sales_daily", "date = '2024-06-05' where orders = 0", ["every day of a currency from"]),
        (
            "sales_daily",
            "sales = 3, cancelled_orders = 4, currency = 'EURO', date = '2024-06-03'",
            [
                "date, currency are unique",
                "sales is never greater than orders",
                "cancelled_orders is never greater than orders",
                "every currency is a code",
            ],
        ),
        (
            "payment_methods_daily",
            "failure_rate = 101, sales = 3, currency = '', date = current_date + 2",
            ["failure_rate is at least 0", "sales is never", "every currency", "in the future"],
        ),
    ],
    oddities=[
        ("orders", "refunded = 11", ["no more is given back than an order was worth"]),
        (
            "orders",
            "total = -1, refunded = -2",
            ["no total is negative", "no refund is negative"],
        ),
        ("sales_daily", "revenue = -1, refunds = -1", ["a negative revenue", "negative refunds"]),
    ],
)
