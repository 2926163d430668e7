"""The marts about sales: orders in several events, their money, and how they are paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.dbt_project.conftest import build
from tests.pipeline.conftest import fresh_warehouse, mart

MONDAY = datetime(2024, 6, 3, 12, tzinfo=UTC)


def order(
    event_type: str, order_id: str, minutes: int = 0, **properties: object
) -> dict[str, object]:
    """Return an event of an order; value and currency among the properties are its fields."""
    return {
        "category": "order",
        "event_type": event_type,
        "entity_type": "order",
        "entity_id": order_id,
        "occurred_at": MONDAY + timedelta(minutes=minutes),
        "value": properties.pop("value", None),
        "currency": properties.pop("currency", None),
        "properties": properties,
    }


DAY = 24 * 60
IN_SEVERAL_EVENTS = [
    order("created", "o1", value=Decimal("99.99"), currency="EUR", items_count=3,
          payment_method="credit_card"),
    order("payment_started", "o1", 1, value=Decimal("99.99"), currency="EUR"),
    order("payment_failed", "o1", 2, failure_reason="card_declined"),
    order("payment_started", "o1", 3, payment_method="wallet"),
    order("payment_completed", "o1", 4, payment_method="wallet"),
    order("confirmed", "o1", 5),
    order("shipped", "o1", DAY),
    order("shipped", "o1", DAY + 60),
    order("delivered", "o1", 3 * DAY),
]  # fmt: skip
REFUNDED = [
    order("created", "refunded", value=50, currency="EUR"),
    order("payment_completed", "refunded", 1),
    order("refunded", "refunded", DAY, value=20, currency="EUR"),
]
CANCELLED = [
    order("created", "cancelled", value=70, currency="EUR"),
    order("payment_completed", "cancelled", 1),
    order("cancelled", "cancelled", DAY, cancel_reason="changed_mind"),
    order("refunded", "cancelled", DAY + 1, value=70, currency="EUR"),
]
UNPAID = [
    order("created", "unpaid", value=30, currency="EUR", payment_method="credit_card"),
    order("payment_failed", "unpaid", 1),
]
OTHER_CURRENCIES = [
    order("created", "dollars", value=10, currency="USD"),
    order("created", "nameless", value=5),
]
AT_ONCE = [
    order(state, "at-once") for state in ("delivered", "shipped", "payment_completed", "created")
]


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    events = [*REFUNDED, *CANCELLED, *UNPAID, *OTHER_CURRENCIES, *AT_ONCE]
    # what came later arrives first
    build(warehouse, "sales", [*IN_SEVERAL_EVENTS[4:], *events[1::2]])
    build(warehouse, "sales", [*IN_SEVERAL_EVENTS[:4], *events[::2]])
    return warehouse


def orders(shop: Warehouse, order_id: str, columns: str) -> tuple[object, ...]:
    [row] = [row for row in mart(shop, "orders", f"order_id, {columns}") if row[0] == order_id]
    return row[1:]


def test_an_order_in_several_events_is_one_row_with_its_last_state(shop: Warehouse) -> None:
    columns = (
        "status, total, currency, items_count, payment_method, payment_failures, reason, is_sale,"
        " placed_at, payment_completed_at, shipped_at, cancelled_at, last_event_at"
    )
    assert orders(shop, "o1", columns) == (
        "delivered",
        Decimal("99.99"),
        "EUR",
        3,
        "credit_card",
        1,
        "card_declined",
        True,
        MONDAY,
        MONDAY + timedelta(minutes=4),
        MONDAY + timedelta(days=1),
        None,
        MONDAY + timedelta(days=3),
    )


def test_a_refund_is_taken_from_the_order_and_from_its_own_day(shop: Warehouse) -> None:
    assert orders(shop, "refunded", "status, total, refunds, refunded, net_total, is_sale") == (
        "refunded", 50, 1, 20, 30, True,
    )  # fmt: skip
    columns = "currency, date, revenue, refunds, net_revenue, orders_refunded"
    euros = [row[1:] for row in mart(shop, "sales_daily", columns) if row[0] == "EUR"]
    assert euros[:2] == [
        (date(2024, 6, 3), Decimal("149.99"), 0, Decimal("149.99"), 0),
        (date(2024, 6, 4), 0, 20, -20, 2),
    ]


def test_a_cancelled_order_is_no_revenue_and_its_refund_takes_none_away(shop: Warehouse) -> None:
    assert orders(shop, "cancelled", "is_cancelled, is_sale, total, net_total, reason") == (
        True, False, 70, 0, "changed_mind",
    )  # fmt: skip
    columns = "currency, orders, cancelled_orders, sales, average_order_value"
    euros = [row[1:] for row in mart(shop, "sales_daily", columns) if row[0] == "EUR"]
    assert (4, 1, 2, Decimal("75.00")) in euros


def test_an_order_whose_payment_failed_in_the_end_is_no_sale(shop: Warehouse) -> None:
    assert orders(shop, "unpaid", "status, is_cancelled, is_sale, net_total") == (
        "payment_failed", False, False, 0,
    )  # fmt: skip


def test_a_missing_currency_is_a_state_of_its_own_and_none_are_added(shop: Warehouse) -> None:
    assert orders(shop, "nameless", "currency, total") == ("unknown", 5)
    rows = mart(shop, "sales_daily", "date, currency, orders, revenue")
    assert [row[1:] for row in rows if row[0] == date(2024, 6, 3)] == [
        ("EUR", 4, Decimal("149.99")),
        ("USD", 1, 10),
        ("unknown", 2, 5),
    ]


def test_states_in_the_same_millisecond_follow_the_life_of_an_order(shop: Warehouse) -> None:
    assert orders(shop, "at-once", "status, delivered_at = created_at") == ("delivered", True)


def test_days_without_sales_are_zero_in_every_currency(shop: Warehouse) -> None:
    rows = mart(shop, "sales_daily", "currency, date, orders, revenue, orders_delivered")
    assert [row for row in rows if row[0] == "USD"] == [
        ("USD", date(2024, 6, 3), 1, 10, 0),
        ("USD", date(2024, 6, 4), 0, 0, 0),
        ("USD", date(2024, 6, 5), 0, 0, 0),
        ("USD", date(2024, 6, 6), 0, 0, 0),
    ]


def test_payment_methods_show_how_many_payments_fail(shop: Warehouse) -> None:
    columns = "payment_method, currency, date, orders, sales, payments_completed, payments_failed"
    rows = mart(shop, "payment_methods_daily", f"{columns}, failure_rate")
    on_monday = [row for row in rows if row[2] == date(2024, 6, 3) and row[1] == "EUR"]
    assert [(row[0], *row[3:]) for row in on_monday] == [
        ("credit_card", 2, 1, 0, 2, Decimal("100.0")),
        ("unknown", 2, 1, 2, 0, Decimal("0.0")),
        ("wallet", 0, 0, 1, 0, Decimal("0.0")),
    ]


def test_an_order_that_began_earlier_moves_to_that_day(warehouse: Warehouse) -> None:
    build(warehouse, "sales", [order("payment_completed", "o", 0, value=8, currency="EUR")])
    assert mart(warehouse, "sales_daily", "date, orders, revenue") == [(MONDAY.date(), 1, 8)]

    build(warehouse, "sales", [order("created", "o", -DAY, value=9, currency="EUR")])

    assert mart(warehouse, "sales_daily", "date, orders, revenue") == [
        (date(2024, 6, 2), 1, 9),
        (date(2024, 6, 3), 0, 0),
    ]


def test_a_customer_is_who_placed_the_order_also_when_that_turns_out_late(
    warehouse: Warehouse,
) -> None:
    placed = order("created", "bought", value=Decimal("30.50"), currency="EUR")
    build(
        warehouse,
        "sales",
        [{**order("confirmed", "bought", 5), "user_id": "later"}],
        [{**placed, "user_id": None, "anonymous_id": "d1"}],
        [{**order("created", "other", 3 * DAY, value=2, currency="USD"), "user_id": "buyer"},
         {"user_id": "buyer", "anonymous_id": "d1", "occurred_at": MONDAY + timedelta(minutes=1)}],
    )  # fmt: skip
    customers = [
        ("buyer", 2, 2, None, None, {"EUR": 30.5, "USD": 2}, 1, 3, 3),
    ]
    columns = (
        "user_id, orders, order_days, revenue, currency, revenues, frequency, recency_days,"
        " age_days"
    )
    assert mart(warehouse, "customers", columns) == customers
