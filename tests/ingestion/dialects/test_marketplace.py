"""POST /api/activity/track/, as the marketplace sends it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.ledger import Row, assert_ledger_adds_up, away, query, wait_until_drained
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.numbers import number_of
from warehouse.roles import Role

PATH = "/api/activity/track/"
SEED = {"product_id": "uuid-here", "action": "view"}


def product(**fields: object) -> dict[str, object]:
    """Return the seed's activity about a product of its own."""
    return {**SEED, "product_id": str(uuid.uuid4()), **fields}


def row_of(warehouse: Warehouse, sent: Mapping[str, object]) -> Row:
    (row,) = query(
        warehouse, "select * from raw.events where entity_id = %s", str(sent["product_id"])
    )
    return row


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of a refusal, which always has this form."""
    content = answer.json()
    assert content.keys() == {"success", "message", "error", "field"}
    assert content["success"] is False
    return answer.status_code, content["error"], content["field"]


def test_the_activity_of_the_seed_is_answered_as_the_seed_says(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = ingestion.call("POST", PATH, SEED)
    row = row_of(landing_warehouse, SEED)
    assert answer.status_code == 201
    assert answer.json() == {
        "success": True,
        "message": "Activity tracked: view on uuid-here",
        "activity_id": number_of(row["event_id"]),
        "user_authenticated": False,
        "session_key": row["session_id"],
    }
    assert (row["category"], row["event_type"]) == ("product", "view")
    assert (row["entity_type"], row["entity_id"]) == ("product", "uuid-here")


@pytest.mark.parametrize(
    "action", ["view", "click", "favorite", "unfavorite", "cart_add", "cart_remove"]
)
def test_every_action_is_the_product_event_of_its_name(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, action: str
) -> None:
    sent = product(action=action)
    assert ingestion.call("POST", PATH, sent).status_code == 201
    assert row_of(landing_warehouse, sent)["event_type"] == action


def test_an_anonymous_sender_is_known_by_its_session_cookie(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product()
    answer = ingestion.call("POST", PATH, sent, {"cookie": "a=b; sessionid=anonymous_session_123"})
    assert answer.json()["session_key"] == "anonymous_session_123"
    assert "set-cookie" not in answer.headers
    row = row_of(landing_warehouse, sent)
    assert row["session_id"] == row["visitor_id"] == "anonymous_session_123"


def test_a_session_key_in_the_body_comes_before_the_cookie(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product(session_key="mine")
    answer = ingestion.call("POST", PATH, sent, {"cookie": "sessionid=other"})
    assert answer.json()["session_key"] == "mine"
    assert row_of(landing_warehouse, sent)["session_id"] == "mine"


@pytest.mark.parametrize("cookie", ["", "other=1", "sessionid=", "sessionid=no key"])
def test_a_sender_without_a_session_gets_one_as_a_cookie(
    ingestion: RunningIngestion, cookie: str
) -> None:
    answer = ingestion.call("POST", PATH, product(), {"cookie": cookie})
    key = answer.json()["session_key"]
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert answer.headers["set-cookie"] == (
        f"sessionid={key}; Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax"
    )


def test_the_cookie_is_for_https_alone_where_the_request_came_by_https(
    ingestion: RunningIngestion,
) -> None:
    answer = ingestion.call("POST", PATH, product(), {"x-forwarded-proto": "https"})
    assert answer.headers["set-cookie"].endswith("; SameSite=Lax; Secure")


def test_the_referrer_is_taken_from_the_request(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product()
    ingestion.call("POST", PATH, sent, {"referer": "https://shop.example/list"})
    assert row_of(landing_warehouse, sent)["context"]["referrer"] == "https://shop.example/list"


def test_a_user_named_by_a_service_needs_no_session(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product(user_id=17)
    answer = ingestion.call("POST", PATH, sent, {"cookie": "sessionid=log-in-session"})
    assert (answer.json()["user_authenticated"], answer.json()["session_key"]) == (True, None)
    row = row_of(landing_warehouse, sent)
    assert (row["user_id"], row["visitor_id"], row["session_id"]) == ("17", "17", None)


def test_further_fields_are_kept(ingestion: RunningIngestion, landing_warehouse: Warehouse) -> None:
    sent = product(
        action="cart_add",
        product_name="Water bottle",
        quantity=3,
        price="29.990",
        currency="eur",
        timestamp="2024-01-15T10:30:00Z",
        metadata={"list": "summer"},
        mine=[1, 2],
    )
    answer = ingestion.call("POST", PATH, sent)
    assert answer.json()["message"] == "Activity tracked: cart_add on Water bottle"
    row = row_of(landing_warehouse, sent)
    assert (row["value"], row["quantity"], row["currency"]) == (Decimal("89.97"), 3, "EUR")
    assert row["occurred_at"].isoformat() == "2024-01-15T10:30:00+00:00"
    assert row["properties"] == {
        "product_name": "Water bottle",
        "price": 29.99,
        "list": "summer",
        "mine": [1, 2],
    }


def test_a_retry_under_the_same_id_is_answered_alike_and_counts_once(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product(event_id=f"tab-7-{uuid.uuid4()}", session_key="s")
    answers = [ingestion.call("POST", PATH, sent) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [answer.status_code for answer in answers] == [201, 201]
    row_of(landing_warehouse, sent)


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        ({"action": "view"}, (400, "missing_field", "product_id")),
        ({"product_id": "p"}, (400, "missing_field", "action")),
        ({"product_id": "", "action": "view"}, (400, "missing_field", "product_id")),
        ({"product_id": None, "action": "view"}, (400, "missing_field", "product_id")),
        ({"product_id": 1.5, "action": "view"}, (400, "wrong_type", "product_id")),
        ({"product_id": ["p"], "action": "view"}, (400, "wrong_type", "product_id")),
        ({"product_id": "p" * 1025, "action": "view"}, (400, "id_too_long", "product_id")),
        ({"product_id": "p\x00", "action": "view"}, (400, "invalid_text", "product_id")),
        ({"product_id": "p", "action": "like"}, (400, "unexpected_value", "action")),
        ({"product_id": "p", "action": 1}, (400, "wrong_type", "action")),
        ({**SEED, "quantity": "two"}, (400, "wrong_type", "quantity")),
        ({**SEED, "price": "NaN"}, (400, "wrong_type", "price")),
        ({**SEED, "price": "1e99999", "quantity": 2}, (400, "number_out_of_range", "price")),
        ({**SEED, "product_name": 7}, (400, "wrong_type", "product_name")),
        ({**SEED, "metadata": "x"}, (400, "wrong_type", "metadata")),
        ({**SEED, "timestamp": "soon"}, (400, "invalid_time", "timestamp")),
        ([SEED], (400, "not_json", None)),
        (b"{", (400, "not_json", None)),
    ],
)
def test_what_cannot_be_tracked_is_refused_by_name(
    ingestion: RunningIngestion, sent: Any, outcome: tuple[int, str, str | None]
) -> None:
    assert refused(ingestion.call("POST", PATH, sent)) == outcome


def test_what_cannot_be_tracked_is_in_quarantine_all_the_same(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    sent = product(action=f"wave-{uuid.uuid4()}")
    ingestion.call("POST", PATH, sent)
    (row,) = query(
        landing_warehouse,
        "select * from raw.quarantine where payload like %s",
        f"%{sent['product_id']}%",
    )
    assert (row["dialect"], row["reason"], row["field"]) == (
        "marketplace",
        "unexpected_value",
        "action",
    )


def test_a_refusal_without_a_key_has_the_form_of_the_marketplace(
    ingestion: RunningIngestion,
) -> None:
    answer = ingestion.call("POST", PATH, SEED, {"authorization": "Bearer fw_unknown"})
    assert refused(answer) == (401, "unauthorized", None)


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> Warehouse:
    """A warehouse that knows one product."""
    shop = new_warehouse(postgres)
    with connect(shop.dsn(Role.OWNER)) as connection:
        connection.execute("insert into ops.products values ('b-1', 'Water bottle')")
    return shop


@pytest.fixture(scope="module")
def shop_ingestion(shop: Warehouse) -> Iterator[RunningIngestion]:
    with running_ingestion(shop) as running:
        yield running


def test_a_known_product_is_called_by_its_name(
    shop_ingestion: RunningIngestion, shop: Warehouse
) -> None:
    sent = {"product_id": "b-1", "action": "click"}
    answer = shop_ingestion.call("POST", PATH, sent)
    assert answer.json()["message"] == "Activity tracked: click on Water bottle"
    assert row_of(shop, sent)["properties"] == {"product_name": "Water bottle"}


def test_a_product_that_is_not_among_the_known_ones_is_not_found_and_can_be_replayed(
    shop_ingestion: RunningIngestion, shop: Warehouse
) -> None:
    answer = shop_ingestion.call("POST", PATH, {"product_id": "b-2", "action": "view"})
    assert refused(answer) == (404, "unknown_product", "product_id")
    (row,) = query(shop, "select * from raw.quarantine where reason = 'unknown_product'")
    assert '"entity_id":"b-2"' in row["event"]


def test_while_postgres_is_away_any_product_is_taken(
    shop_ingestion: RunningIngestion, shop: Warehouse
) -> None:
    sent = {"product_id": "b-3", "action": "view"}
    with away(shop):
        answer = shop_ingestion.call("POST", PATH, sent)
        assert answer.status_code == 201
        assert answer.json()["message"] == "Activity tracked: view on b-3"
    wait_until_drained(shop_ingestion)
    assert number_of(row_of(shop, sent)["event_id"]) == answer.json()["activity_id"]


def test_the_ledger_adds_up(ingestion: RunningIngestion, landing_warehouse: Warehouse) -> None:
    sums = assert_ledger_adds_up(landing_warehouse)
    assert sums["stored"] > 0
    assert sums["quarantined"] > 0
