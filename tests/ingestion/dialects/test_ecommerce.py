"""POST /api/v1/core/collect/, as the e-commerce platform sends it."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import Row, assert_ledger_adds_up, query, stored
from tests.servers import RunningIngestion

PATH = "/api/v1/core/collect/"
PAGE_VIEW = {
    "category": "user",
    "event_type": "page_view",
    "user_id": "user123",
    "session_id": "session456",
    "data": {"page_url": "/products/123", "page_title": "Eco-Friendly Water Bottle"},
    "ip_address": "192.168.1.1",
    "user_agent": "Mozilla/5.0...",
}
USER = {"category": "user", "user_id": "string", "session_id": "string", "data": {}}
PRODUCT = {
    "category": "product",
    "product_id": "string",
    "user_id": "string",
    "quantity": 1,
    "price": 29.99,
    "data": {},
}
ORDER = {
    "category": "order",
    "order_id": "string",
    "user_id": "string",
    "order_total": 99.99,
    "items_count": 3,
    "payment_method": "credit_card",
    "data": {},
}
TYPES = [
    *((USER, name) for name in ("page_view", "product_view", "search", "add_to_cart")),
    *((USER, name) for name in ("checkout_start", "checkout_complete", "login", "registration")),
    *((PRODUCT, name) for name in ("view", "purchase", "cart_add", "cart_remove")),
    *((PRODUCT, name) for name in ("wishlist_add", "review")),
    *((ORDER, name) for name in ("created", "payment_started", "payment_completed", "confirmed")),
    *((ORDER, name) for name in ("shipped", "delivered", "cancelled")),
]


def collect(ingestion: RunningIngestion, warehouse: Warehouse, body: Any) -> Row:
    """Send an event, and return its row."""
    answer = ingestion.call("POST", PATH, body)
    assert answer.status_code == 201, answer.text
    return stored(warehouse, answer.json()["event_id"])


def refused(answer: httpx.Response) -> tuple[int, list[str]]:
    """Return status and fields of a refusal."""
    content = answer.json()
    assert all(isinstance(messages, list) and messages for messages in content.values())
    return answer.status_code, list(content)


def test_the_page_view_of_the_seed_is_collected(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = ingestion.call("POST", PATH, PAGE_VIEW)
    content = answer.json()
    row = stored(landing_warehouse, content.pop("event_id"))
    assert answer.status_code == 201
    assert content == {
        "success": True,
        "status": "stored",
        "message": "Event processed successfully",
    }
    assert (row["category"], row["event_type"]) == ("user", "page_view")
    assert (row["user_id"], row["session_id"]) == ("user123", "session456")
    assert row["context"]["page_url"] == row["context"]["page_path"] == "/products/123"
    assert row["context"]["page_title"] == "Eco-Friendly Water Bottle"
    assert row["properties"] == {}


@pytest.mark.parametrize(("event", "event_type"), TYPES)
def test_every_event_type_of_the_seed_is_collected(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event: dict[str, object],
    event_type: str,
) -> None:
    row = collect(ingestion, landing_warehouse, {**event, "event_type": event_type})
    assert (row["category"], row["event_type"]) == (event["category"], event_type)
    assert row["user_id"] == "string"


def test_the_product_view_of_the_page_is_about_its_product(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = collect(
        ingestion,
        landing_warehouse,
        {
            "category": "user",
            "event_type": "product_view",
            "user_id": 17,
            "session_id": "s",
            "data": {
                "product_id": 42,
                "product_name": "Water bottle",
                "category": "kitchen",
                "price": 29.990,
            },
        },
    )
    assert (row["user_id"], row["entity_type"], row["entity_id"]) == ("17", "product", "42")
    assert row["properties"] == {
        "product_name": "Water bottle",
        "product_category": "kitchen",
        "price": 29.99,
    }


def test_the_registration_of_the_seed_keeps_referrer_and_method(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = collect(
        ingestion,
        landing_warehouse,
        {
            "category": "user",
            "event_type": "registration",
            "user_id": "user123",
            "session_id": "session456",
            "data": {
                "registration_method": "email",
                "user_agent": "Mozilla/5.0...",
                "referrer": "https://google.com",
            },
        },
    )
    assert row["context"]["referrer"] == "https://google.com"
    assert row["properties"] == {"registration_method": "email"}


def test_the_order_of_a_service_keeps_the_whole_order(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    order = {"user_id": 7, "total": "99.990", "items": [{"id": 1}], "payment_method": "card"}
    row = collect(
        ingestion,
        landing_warehouse,
        {
            "category": "order",
            "event_type": "created",
            "order_id": 501,
            "user_id": order["user_id"],
            "order_total": order["total"],
            "items_count": 1,
            "payment_method": order["payment_method"],
            "data": {**order, "currency": "eur"},
        },
    )
    assert (row["entity_type"], row["entity_id"], row["user_id"]) == ("order", "501", "7")
    assert (row["value"], row["currency"]) == (Decimal("99.990"), "EUR")
    assert row["properties"] == {
        "items_count": 1,
        "payment_method": "card",
        "total": "99.990",
        "items": [{"id": 1}],
    }


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"price": 29.99, "quantity": 3}, "89.97"),
        ({"price": "0.1", "quantity": "0.3"}, "0.03"),
        ({"price": 29.99}, "29.99"),
        ({"price": 29.99, "quantity": 0}, "0"),
        ({"price": 29.99, "quantity": 3, "value": 80}, "80"),
        ({"data": {"price": 29.99, "quantity": 2}}, "59.98"),
    ],
)
def test_price_times_quantity_is_the_value_to_the_last_digit(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, given: dict[str, Any], value: str
) -> None:
    event = {"category": "product", "event_type": "purchase", "product_id": 1, **given}
    assert collect(ingestion, landing_warehouse, event)["value"] == Decimal(value)


def test_an_order_of_nothing_is_worth_nothing(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = collect(
        ingestion, landing_warehouse, {**ORDER, "event_type": "created", "order_total": 0}
    )
    assert row["value"] == 0


def test_numbers_in_data_keep_every_digit(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    body = json.dumps(PAGE_VIEW).replace('"page_title"', '"mine": 0.1234567890123456789, "t"')
    answer = ingestion.call("POST", PATH, body.encode())
    (row,) = query(
        landing_warehouse,
        "select properties ->> 'mine' as mine from raw.events where event_id = %s",
        answer.json()["event_id"],
    )
    assert row["mine"] == "0.1234567890123456789"


def test_a_recommendation_is_collected_with_its_surface(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = collect(
        ingestion,
        landing_warehouse,
        {
            "category": "recommendation",
            "event_type": "clicked",
            "user_id": "user123",
            "product_id": 5,
            "data": {"surface": "product_page"},
        },
    )
    assert row["properties"] == {"product_id": "5", "surface": "product_page"}


def test_a_retry_under_the_same_id_is_a_duplicate(ingestion: RunningIngestion) -> None:
    event = {**PAGE_VIEW, "event_id": str(uuid.uuid4())}
    answers = [ingestion.call("POST", PATH, event) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["status"] for answer in answers] == ["stored", "duplicate"]
    assert {answer.json()["event_id"] for answer in answers} == {event["event_id"]}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({**PAGE_VIEW, "category": "geo"}, "category"),
        ({**PAGE_VIEW, "category": None}, "category"),
        ({"category": "user"}, "event_type"),
        ({**USER, "event_type": "nap"}, "event_type"),
        ({**USER, "event_type": "Page View"}, "event_type"),
        ({"category": "product", "event_type": "view"}, "product_id"),
        ({"category": "order", "event_type": "created"}, "order_id"),
        ({**ORDER, "event_type": "created", "order_total": "much"}, "order_total"),
        ({**ORDER, "event_type": "created", "order_total": 1e14}, "order_total"),
        ({**ORDER, "event_type": "created", "items_count": "3"}, "items_count"),
        ({**ORDER, "event_type": "created", "order_id": "o" * 1025}, "order_id"),
        ({**PRODUCT, "event_type": "review", "data": {"rating": 6}}, "data.rating"),
        ({**PRODUCT, "event_type": "view", "price": "1e20"}, "price"),
        ({**PRODUCT, "event_type": "view", "currency": "euro"}, "currency"),
        ({**PAGE_VIEW, "data": "x"}, "data"),
        ({**PAGE_VIEW, "data": {"mine": "MANY"}}, "data.mine"),
        ({**PAGE_VIEW, "user_id": True}, "user_id"),
        ({**PAGE_VIEW, "timestamp": "yesterday"}, "timestamp"),
    ],
)
def test_what_cannot_be_collected_is_refused_under_the_name_of_its_field(
    ingestion: RunningIngestion, sent: dict[str, Any], field: str
) -> None:
    body = json.dumps(sent).replace('"MANY"', "9" * 400).encode()
    assert refused(ingestion.call("POST", PATH, body)) == (400, [field])


def test_a_message_names_the_remedy_in_the_words_of_the_sender(ingestion: RunningIngestion) -> None:
    answer = ingestion.call("POST", PATH, {**ORDER, "event_type": "created", "items_count": "3"})
    (message,) = answer.json()["items_count"]
    assert message.startswith("items_count of order/created must be an integer, not a string")


def test_a_body_that_is_no_event_is_refused_with_a_detail(ingestion: RunningIngestion) -> None:
    for body in (b"[]", b"{", b""):
        answer = ingestion.call("POST", PATH, body)
        assert answer.status_code == 400
        assert answer.json()["code"] == "not_json"
        assert answer.json().keys() == {"detail", "code"}


def test_a_sender_without_a_key_is_refused_with_a_detail(ingestion: RunningIngestion) -> None:
    answer = ingestion.call("POST", PATH, PAGE_VIEW, {"authorization": ""})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["quarantined"] > 0
