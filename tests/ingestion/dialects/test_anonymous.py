"""Senders without a key or a token at the endpoints of older systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ingestion.dialects import community, ecommerce, events, marketplace, tracking
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, query
from tests.servers import RunningIngestion, running_ingestion

EXAMPLES = {
    endpoint.path: endpoint.operation.example
    for dialect in (marketplace.DIALECT, tracking.DIALECT, community.DIALECT)
    for endpoint in dialect.endpoints
    if "{" not in endpoint.path
}
CLOSED = (*ecommerce.DIALECT.endpoints, *events.DIALECT.endpoints)
TRACKING = "/api/v1/tracking"


@pytest.fixture(scope="module")
def ingestion(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion that takes senders without a key."""
    with running_ingestion(landing_warehouse, FOOTFALL_ANONYMOUS_SOURCE="web") as running:
        yield running


def send(
    ingestion: RunningIngestion, path: str, body: Any, method: str = "POST", **headers: str
) -> httpx.Response:
    """Send without the write key."""
    return ingestion.client.request(method, ingestion.url + path, json=body, headers=headers)


@pytest.mark.parametrize("path", EXAMPLES)
def test_what_was_open_is_open(ingestion: RunningIngestion, path: str) -> None:
    assert send(ingestion, path, EXAMPLES[path]).is_success


@pytest.mark.parametrize("token", ["null", "undefined"])
@pytest.mark.parametrize("path", EXAMPLES)
def test_a_page_whose_visitor_is_not_signed_in_sends_no_token_in_so_many_words(
    ingestion: RunningIngestion, path: str, token: str
) -> None:
    answer = send(ingestion, path, EXAMPLES[path], authorization=f"Bearer {token}")
    assert answer.is_success


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda endpoint: endpoint.path)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer null"}])
def test_what_asked_for_a_key_asks_for_one(
    ingestion: RunningIngestion, endpoint: Any, headers: dict[str, str]
) -> None:
    answer = send(ingestion, endpoint.path, endpoint.operation.example, **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/activity/track/", {"product_id": "b-1", "action": "view", "user_id": "ada"}),
        (f"{TRACKING}/activity", {"eventType": "page_view", "userId": "ada"}),
        (f"{TRACKING}/conversion", {"conversionType": "signup", "user_id": "ada"}),
    ],
)
def test_who_does_not_say_who_it_is_names_no_user(
    ingestion: RunningIngestion, path: str, body: dict[str, object]
) -> None:
    answer = send(ingestion, path, body)
    assert (answer.status_code, answer.json()["error"]) == (403, "not_yours")


def test_an_event_of_a_batch_names_no_user_either(ingestion: RunningIngestion) -> None:
    body = {"events": [{"eventType": "page_view", "userId": "ada"}, {"eventType": "page_view"}]}
    results = send(ingestion, f"{TRACKING}/batch", body).json()["data"]["results"]
    assert [result["error"] for result in results] == ["not_yours", None]


def test_the_community_platform_believes_who_says_who_did_something(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    body = {"community_id": "believing", "user_id": 456, "activity_type": "join"}
    assert send(ingestion, "/api/community-analytics/track/", body).json()["user_id"] == 456
    (row,) = query(
        landing_warehouse,
        "select source, user_id from raw.events where entity_id = %s",
        "believing",
    )
    assert row == {"source": "web", "user_id": "456"}


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_an_error_is_not_changed_by_nobody(ingestion: RunningIngestion, method: str) -> None:
    error_id = send(ingestion, "/api/errors/", {"message": "Unhandled exception"}).json()["id"]
    answer = send(ingestion, f"/api/errors/{error_id}/", {"is_resolved": True}, method)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["stored"] > 0
