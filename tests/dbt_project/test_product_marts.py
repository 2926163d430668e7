"""The marts about products: what people do with them, and how they come upon them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.dbt_project.conftest import build
from tests.pipeline.conftest import fresh_warehouse, mart

SUNDAY = datetime(2024, 6, 30, 23, 50, tzinfo=UTC)  # the last of a week and of a month
NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)


def product(action: str, product_id: str, **fields: object) -> dict[str, object]:
    return {
        "category": "product",
        "event_type": action,
        "entity_type": "product",
        "entity_id": product_id,
        "occurred_at": NOON,
        **fields,
    }


def user(event_type: str, **fields: object) -> dict[str, object]:
    return {"category": "user", "event_type": event_type, "occurred_at": NOON, **fields}


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ordered_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


RENAMED = [
    product("view", "renamed", properties={"product_name": "Bottle"}),
    product("rename", "renamed", properties={"product_name": "Flask"}, occurred_at=at(60)),
    product("click", "renamed", occurred_at=at(120)),
]
TOLD_TWO_WAYS = [
    product("view", "two-ways"),
    user("product_view", properties={"product_id": "two-ways"}),
    user("add_to_cart", entity_type="product", entity_id="two-ways"),
    product("cart_add", "two-ways"),
]
OVER_THE_WEEKS_END = [
    product("view", "weekly", session_id="s1", user_id="u1", occurred_at=SUNDAY),
    product("view", "weekly", session_id="s1", user_id="u1",
            occurred_at=SUNDAY + timedelta(minutes=20)),
    product("view", "weekly", user_id="u1", occurred_at=SUNDAY + timedelta(hours=20)),
    product("view", "weekly", user_id=None, anonymous_id="a1",
            occurred_at=SUNDAY + timedelta(days=2)),
]  # fmt: skip
SEARCHES = [
    {**event, "user_id": "searcher"}
    for event in (
        user("search", properties={"query": "  Water   BOTTLE ", "results": 3}),
        product("click", "found", occurred_at=at(10)),
        user("search", properties={"query": "water bottle", "results": 0}, occurred_at=at(20)),
        user("search", properties={"query": ""}, occurred_at=at(30)),
    )
]
SAME_MILLISECOND = [
    user("search", user_id="quick", event_id=ordered_id(1), properties={"query": "rope"}),
    product("view", "rope", user_id="quick", event_id=ordered_id(2)),
    product("view", "tent", user_id="hasty", event_id=ordered_id(3)),
    user("search", user_id="hasty", event_id=ordered_id(4), properties={"query": "tent"}),
]
RECOMMENDATIONS = [
    {"category": "recommendation", "event_type": event_type, "occurred_at": at(seconds),
     "properties": {"surface": "home", "product_id": "recommended"}}
    for event_type, seconds in (("shown", 0), ("clicked", 1))
] + [
    product("purchase", "recommended", value=Decimal("59.98"), currency="EUR", quantity=2,
            occurred_at=at(5)),
    product("purchase", "recommended", value=Decimal(3), occurred_at=at(6)),
    {"category": "recommendation", "event_type": "shown", "user_id": None, "occurred_at": NOON},
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    build(
        warehouse,
        "product",
        RENAMED + TOLD_TWO_WAYS + OVER_THE_WEEKS_END,
        SEARCHES + SAME_MILLISECOND + RECOMMENDATIONS,
    )
    return warehouse


def rows(shop: Warehouse, table: str, key: str, columns: str) -> list[tuple[object, ...]]:
    column = "product_id" if table.startswith("product") else "search_term"
    return [row[1:] for row in mart(shop, table, f"{column}, {columns}") if row[0] == key]


def test_a_renamed_product_is_one_product_with_its_new_name(shop: Warehouse) -> None:
    columns = "product_name, total_views, total_clicks, last_updated"
    assert rows(shop, "product_metrics", "renamed", columns) == [("Flask", 1, 1, at(120))]


def test_an_action_counts_once_whichever_way_it_is_told(shop: Warehouse) -> None:
    columns = "events, views, cart_additions"
    assert rows(shop, "product_daily", "two-ways", columns) == [(4, 2, 2)]


def test_days_weeks_and_months_count_people_and_sessions_once(shop: Warehouse) -> None:
    columns = "views, unique_visitors, unique_users, unique_sessions"
    assert rows(shop, "product_daily", "weekly", f"date, {columns}") == [
        (date(2024, 6, 30), 1, 1, 1, 1),
        (date(2024, 7, 1), 2, 1, 1, 2),
        (date(2024, 7, 2), 1, 1, 0, 1),
    ]
    assert rows(shop, "product_weekly", "weekly", f"week, {columns}") == [
        (date(2024, 6, 24), 1, 1, 1, 1),
        (date(2024, 7, 1), 3, 2, 1, 3),
    ]
    assert rows(shop, "product_monthly", "weekly", f"month, {columns}") == [
        (date(2024, 6, 1), 1, 1, 1, 1),
        (date(2024, 7, 1), 3, 2, 1, 3),
    ]


def test_money_of_different_currencies_is_never_added(shop: Warehouse) -> None:
    columns = "purchases, units_sold, revenue"
    assert rows(shop, "product_monthly", "recommended", columns) == [
        (2, Decimal("3.000"), {"EUR": 59.98, "unknown": 3})
    ]


def test_a_search_term_shows_what_was_found_and_what_it_led_to(shop: Warehouse) -> None:
    columns = "searches, unique_visitors, no_result_searches, avg_results, searches_with_product"
    assert rows(shop, "search_terms_daily", "water bottle", columns) == [
        (2, 1, 1, Decimal("1.5"), 1)
    ]
    assert rows(shop, "search_terms_daily", "", "searches") == []


def test_events_in_the_same_millisecond_follow_one_another_by_their_ids(shop: Warehouse) -> None:
    columns = "searches_with_product"
    assert rows(shop, "search_terms_daily", "rope", columns) == [(1,)]
    assert rows(shop, "search_terms_daily", "tent", columns) == [(0,)]


def test_recommendations_are_counted_from_sight_to_purchase(shop: Warehouse) -> None:
    columns = (
        "surface, recommendations_shown, recommendations_clicked, recommendations_purchased,"
        " unique_visitors"
    )
    assert mart(shop, "recommendations_daily", columns) == [
        ("home", 1, 1, 1, 1),
        ("unknown", 1, 0, 0, 0),
    ]


def test_sessions_that_a_late_event_joins_are_one_for_the_product_too(
    warehouse: Warehouse,
) -> None:
    start = datetime(2024, 6, 30, 23, 30, tzinfo=UTC)
    visits = [
        product("view", "p1", occurred_at=start),
        product("view", "p1", occurred_at=start + timedelta(minutes=50)),
    ]
    build(warehouse, "product", visits)
    assert mart(warehouse, "product_daily", "date, unique_sessions") == [
        (date(2024, 6, 30), 1),
        (date(2024, 7, 1), 1),
    ]
    assert mart(warehouse, "product_weekly", "week, unique_sessions") == [
        (date(2024, 6, 24), 1),
        (date(2024, 7, 1), 1),
    ]
    again = product("view", "p1", occurred_at=start + timedelta(hours=2))
    build(warehouse, "product", [again])
    assert mart(warehouse, "product_weekly", "unique_sessions")[1] == (2,)

    late = [
        user("page_view", occurred_at=start + timedelta(minutes=minutes)) for minutes in (79, 100)
    ]
    build(warehouse, "product", late)

    assert mart(warehouse, "product_weekly", "unique_sessions")[1] == (1,)
