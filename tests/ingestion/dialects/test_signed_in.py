"""Signed-in people and services at the endpoints of older systems: whose the events are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, query
from tests.issuer import SECRET, shared_token
from tests.servers import RunningIngestion, running_ingestion
from warehouse.numbers import numbered_id

MARKETPLACE = "/api/activity/track/"
ECOMMERCE = "/api/v1/core/collect/"
COMMUNITY = "/api/community-analytics/track/"
TRACKING = "/api/v1/tracking/activity"
EVENTS = "/api/events/events/"
OWN: dict[str, dict[str, object]] = {
    MARKETPLACE: {"product_id": "b-1", "action": "view"},
    ECOMMERCE: {"category": "user", "event_type": "login"},
    COMMUNITY: {"community_id": 123, "activity_type": "join"},
    TRACKING: {"eventType": "page_view"},
    EVENTS: {"event_type": "user_joined_fast", "target_id": 123},
}
USER_FIELDS = {TRACKING: "userId", EVENTS: "user"}
KEYS = {TRACKING: "trackingId"}


@pytest.fixture(scope="module")
def ingestion(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion that takes tokens."""
    with running_ingestion(landing_warehouse, FOOTFALL_JWT_SECRET=SECRET) as running:
        yield running


def send(
    ingestion: RunningIngestion,
    path: str,
    body: Any,
    *roles: str,
    method: str = "POST",
    **headers: str,
) -> httpx.Response:
    """Send with the token of Ada, who may have roles."""
    token = shared_token(sub="ada", roles=list(roles))
    return ingestion.call(method, path, body, {"authorization": f"Bearer {token}", **headers})


def named(path: str, **fields: object) -> tuple[str, dict[str, object]]:
    """Return an event of a system under an id of its own."""
    event_id = str(uuid.uuid4())
    return event_id, {**OWN[path], KEYS.get(path, "event_id"): event_id, **fields}


def user_of(warehouse: Warehouse, event_id: str) -> str | None:
    (row,) = query(warehouse, "select user_id from raw.events where event_id = %s", event_id)
    user: str | None = row["user_id"]
    return user


@pytest.mark.parametrize("path", OWN)
def test_the_events_of_a_signed_in_person_are_that_persons(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, path: str
) -> None:
    event_id, body = named(path)
    assert send(ingestion, path, body).is_success
    assert user_of(landing_warehouse, event_id) == "ada"


@pytest.mark.parametrize("path", OWN)
def test_a_signed_in_person_may_not_send_events_of_another(
    ingestion: RunningIngestion, path: str
) -> None:
    _, body = named(path, **{USER_FIELDS.get(path, "user_id"): "bob"})
    answer = send(ingestion, path, body)
    assert answer.status_code == 403
    assert "may send events of its own alone" in answer.text


@pytest.mark.parametrize("path", OWN)
@pytest.mark.parametrize("role", ["ingest", "admin"])
def test_a_service_and_an_administrator_send_events_of_anybody(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, path: str, role: str
) -> None:
    event_id, body = named(path, **{USER_FIELDS.get(path, "user_id"): "bob"})
    assert send(ingestion, path, body, role).is_success
    assert user_of(landing_warehouse, event_id) == "bob"


def test_an_activity_of_a_signed_in_person_needs_no_session(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event_id, body = named(MARKETPLACE)
    answer = send(ingestion, MARKETPLACE, body, cookie="sessionid=log-in-session")
    content = answer.json()
    assert (content["user_authenticated"], content["session_key"]) == (True, None)
    assert "set-cookie" not in answer.headers
    (row,) = query(
        landing_warehouse, "select session_id from raw.events where event_id = %s", event_id
    )
    assert row["session_id"] is None


@pytest.mark.parametrize("event_type", ["fast_created", "fast_participant_milestone"])
def test_what_the_app_does_is_not_for_people_to_tell(
    ingestion: RunningIngestion, event_type: str
) -> None:
    body = {"event_type": event_type, "target_id": 123}
    answer = send(ingestion, EVENTS, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert send(ingestion, EVENTS, body, "admin").status_code == 201


def test_an_error_is_resolved_by_who_is_signed_in_and_deleted_by_administrators(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    error_id = send(ingestion, "/api/errors/", {"message": "Unhandled exception"}).json()["id"]
    path = f"/api/errors/{error_id}/"
    assert send(ingestion, path, {"is_resolved": True}, method="PATCH").status_code == 200
    for refused in (
        send(ingestion, path, None, method="DELETE"),
        send(ingestion, path, None, "ingest", method="DELETE"),
        ingestion.call("DELETE", path),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    deleted = send(ingestion, path, None, "admin", method="DELETE")
    assert (deleted.status_code, deleted.content) == (204, b"")
    rows = query(
        landing_warehouse,
        "select event_type, user_id from raw.events where entity_id = %s order by received_at",
        numbered_id(error_id),
    )
    assert rows == [
        {"event_type": "error_resolved", "user_id": "ada"},
        {"event_type": "error_deleted", "user_id": "ada"},
    ]


def test_an_unknown_error_cannot_be_deleted(ingestion: RunningIngestion) -> None:
    answer = send(ingestion, "/api/errors/1/", None, "admin", method="DELETE")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_error")


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["stored"] > 0
