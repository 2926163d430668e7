"""The community platform's endpoints, as it sends to them."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import Row, assert_ledger_adds_up, query, stored
from tests.servers import RunningIngestion
from warehouse.numbers import number_of, numbered_id

ACTIVITY_PATH = "/api/community-analytics/track/"
GEO_PATH = "/api/geo-analytics/track/"
ACTIVITY = {
    "community_id": 123,
    "user_id": 456,
    "activity_type": "view",
    "metadata": {"section": "posts", "duration": 120},
}
GEO: dict[str, Any] = {
    "community_id": 123,
    "user_id": 456,
    "location": {"country": "United States", "city": "New York", "region": "New York"},
    "access_result": "allowed",
    "is_traveler": False,
}
UNKNOWN = "6f0f7f0e-0a53-4c1e-9a39-3c1f6a3f9d11"
METRIC = {"metric_type": "cpu_usage", "value": 42.5}
ERROR = {
    "level": "error",
    "message": "Unhandled exception in view.",
    "stack_trace": "Traceback...",
}


def track(ingestion: RunningIngestion, warehouse: Warehouse, path: str, body: Any) -> Row:
    """Send an event, and return its row."""
    answer = ingestion.call("POST", path, body)
    assert answer.status_code == 201, answer.text
    return stored(warehouse, answer.json()["event_id"])


def log_error(ingestion: RunningIngestion, **fields: object) -> Any:
    """Log the seed's error, and return the id that it got."""
    answer = ingestion.call("POST", "/api/errors/", {**ERROR, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal with a detail."""
    assert answer.json().keys() == {"detail", "code"}
    return answer.status_code, answer.json()["code"]


def test_the_activity_of_the_seed_is_tracked(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = ingestion.call("POST", ACTIVITY_PATH, ACTIVITY)
    content = answer.json()
    row = stored(landing_warehouse, content.pop("event_id"))
    assert answer.status_code == 201
    assert datetime.fromisoformat(content.pop("timestamp"))
    assert content == {
        "success": True,
        "message": "Tracked",
        "community_id": 123,
        "user_id": 456,
        "activity_type": "view",
    }
    assert (row["category"], row["event_type"]) == ("community", "view")
    assert (row["entity_type"], row["entity_id"], row["user_id"]) == ("community", "123", "456")
    assert row["properties"] == {"section": "posts", "duration": 120}


@pytest.mark.parametrize(
    ("activity", "event_type"),
    [
        *((name, name) for name in ("view", "join", "leave", "post", "comment", "like", "share")),
        ("interaction", "interaction"),
        ("heartbeat", "heartbeat"),
        ("online", "heartbeat"),
        ("poll vote", "interaction"),
    ],
)
def test_an_activity_is_the_event_of_its_name_or_an_interaction(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, activity: str, event_type: str
) -> None:
    row = track(
        ingestion, landing_warehouse, ACTIVITY_PATH, {"community_id": 1, "activity_type": activity}
    )
    assert row["event_type"] == event_type
    assert row["properties"] == ({} if activity == event_type else {"activity_type": activity})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"access_result": "allowed"}, "country_allowed"),
        ({"access_result": "blocked"}, "country_blocked"),
        ({"access_result": "allowed", "restriction_level": "region"}, "region_allowed"),
        ({"access_result": "blocked", "restriction_level": "region"}, "region_blocked"),
        ({"access_result": "allowed", "restriction_level": "city"}, "city_allowed"),
        ({"access_result": "blocked", "restriction_level": "city"}, "city_blocked"),
        ({"access_result": "country_allowed"}, "country_allowed"),
        ({"access_result": "country_blocked"}, "country_blocked"),
        ({"access_result": "region_allowed"}, "region_allowed"),
        ({"access_result": "region_blocked"}, "region_blocked"),
        ({"access_result": "city_allowed"}, "city_allowed"),
        ({"access_result": "city_blocked"}, "city_blocked"),
        ({"access_result": "traveler_access"}, "traveler_access"),
        ({"access_result": "restriction_bypass"}, "restriction_bypass"),
        ({"access_result": "allowed", "is_traveler": True}, "traveler_access"),
        ({"access_result": "blocked", "is_traveler": True}, "country_blocked"),
        ({"access_result": "allowed", "location": {"is_traveler": True}}, "traveler_access"),
    ],
)
def test_the_kind_of_access_follows_from_result_level_and_traveller(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, given: dict[str, Any], kind: str
) -> None:
    row = track(ingestion, landing_warehouse, GEO_PATH, {"community_id": 1, **given})
    assert (row["category"], row["event_type"]) == ("geo", kind)
    told = {"traveler_access": "allowed", "restriction_bypass": None}
    assert row["properties"].get("access_result") == told.get(kind, kind.rpartition("_")[2])
    is_away = kind == "traveler_access" or given.get("is_traveler")
    assert row["properties"].get("is_traveler") == is_away


def test_the_attempt_of_the_seed_keeps_its_place(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = ingestion.call("POST", GEO_PATH, GEO)
    content = answer.json()
    row = stored(landing_warehouse, content.pop("event_id"))
    assert datetime.fromisoformat(content.pop("timestamp"))
    assert content == {
        "success": True,
        "message": "Tracked",
        "community_id": 123,
        "user_id": 456,
        "access_result": "allowed",
        "kind": "country_allowed",
    }
    place = {name: row["context"][name] for name in ("country", "region", "city")}
    assert place == GEO["location"]
    assert row["properties"] == {"access_result": "allowed", "is_traveler": False}


def test_the_metric_of_the_seed_is_recorded(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event_id = str(uuid.uuid4())
    metric = {**METRIC, "event_id": event_id, "additional_data": {"host": "web-1"}}
    answer = ingestion.call("POST", "/api/metrics/", metric)
    content = answer.json()
    assert answer.status_code == 201
    assert datetime.fromisoformat(content.pop("recorded_at"))
    assert content == {
        "id": number_of(event_id),
        "metric_type": "cpu_usage",
        "value": 42.5,
        "additional_data": {"host": "web-1"},
    }
    row = stored(landing_warehouse, event_id)
    assert (row["event_type"], row["entity_id"]) == ("metric", "cpu_usage")
    assert row["value"] == Decimal("42.5")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_metric_cannot_be_changed_and_the_answer_says_why(
    ingestion: RunningIngestion, method: str
) -> None:
    answer = ingestion.call(
        method, "/api/metrics/17/", {"value": 1} if method != "DELETE" else None
    )
    assert refused(answer) == (405, "method_not_allowed")
    assert "stays as it was measured" in answer.json()["detail"]
    assert answer.headers["allow"] == "GET"


def test_the_error_of_the_seed_is_logged_under_a_number(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = ingestion.call("POST", "/api/errors/", ERROR)
    content = answer.json()
    assert answer.status_code == 201
    row = stored(landing_warehouse, numbered_id(content.pop("id")))
    assert datetime.fromisoformat(content.pop("created_at"))
    assert content == {
        **ERROR,
        "user": None,
        "url": None,
        "method": None,
        "ip_address": None,
        "user_agent": None,
        "extra_data": None,
        "resolved_at": None,
        "is_resolved": False,
    }
    assert (row["category"], row["event_type"], row["properties"]) == ("system", "error", ERROR)


def test_an_error_keeps_whom_and_where_it_met(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    error_id = log_error(
        ingestion, level="CRITICAL", user=7, url="/shop/", method="GET", extra_data={"release": 4}
    )
    row = stored(landing_warehouse, numbered_id(error_id))
    assert row["user_id"] == "7"
    assert row["properties"] == {
        **ERROR,
        "level": "critical",
        "url": "/shop/",
        "method": "GET",
        "extra_data": {"release": 4},
    }


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_an_error_is_resolved_and_opened_again_by_events_about_it(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, method: str
) -> None:
    error_id = log_error(ingestion)
    path = f"/api/errors/{error_id}/"
    resolved = ingestion.call(method, path, {**ERROR, "is_resolved": True, "note": "done"})
    assert resolved.status_code == 200, resolved.text
    content = resolved.json()
    assert datetime.fromisoformat(content.pop("resolved_at"))
    assert content == {"id": error_id, "is_resolved": True}
    reopened = ingestion.call(method, path, {"is_resolved": False})
    assert reopened.json() == {"id": error_id, "is_resolved": False, "resolved_at": None}
    rows = query(
        landing_warehouse,
        "select event_type, entity_type, properties from raw.events where entity_id = %s"
        " order by received_at",
        numbered_id(error_id),
    )
    assert rows == [
        {"event_type": "error_resolved", "entity_type": "error", "properties": {"note": "done"}},
        {"event_type": "error_reopened", "entity_type": "error", "properties": {}},
    ]
    assert stored(landing_warehouse, numbered_id(error_id))["properties"] == ERROR


def test_an_error_under_an_id_of_the_senders_own_is_logged_once_and_found_by_it(
    ingestion: RunningIngestion,
) -> None:
    own = f"crash-{uuid.uuid4()}"
    first, second = log_error(ingestion, event_id=own), log_error(ingestion, event_id=own)
    assert first == second == str(uuid.UUID(first))
    for name in (own, first):
        answer = ingestion.call("PATCH", f"/api/errors/{name}/", {"is_resolved": True})
        assert (answer.status_code, answer.json()["id"]) == (200, first)


def test_an_error_whose_number_is_taken_is_not_acknowledged(ingestion: RunningIngestion) -> None:
    taken = numbered_id(log_error(ingestion))
    answer = ingestion.call("POST", "/api/errors/", {**ERROR, "event_id": taken})
    assert refused(answer) == (503, "busy")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("error_id", ["1", UNKNOWN, "nothing", "%00", "9" * 30, "-1"])
def test_an_unknown_error_cannot_be_resolved(ingestion: RunningIngestion, error_id: str) -> None:
    answer = ingestion.call("PATCH", f"/api/errors/{error_id}/", {"is_resolved": True})
    assert refused(answer) == (404, "unknown_error")


@pytest.mark.parametrize("body", [{}, {"is_resolved": None}, {"is_resolved": "yes"}])
def test_a_change_of_an_error_says_whether_it_is_resolved(
    ingestion: RunningIngestion, body: dict[str, object]
) -> None:
    answer = ingestion.call("PATCH", f"/api/errors/{log_error(ingestion)}/", body)
    assert (answer.status_code, list(answer.json())) == (400, ["is_resolved"])


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        (ACTIVITY_PATH, {**ACTIVITY, "community_id": None}, "community_id"),
        (ACTIVITY_PATH, {**ACTIVITY, "activity_type": ""}, "activity_type"),
        (ACTIVITY_PATH, {**ACTIVITY, "activity_type": 3}, "activity_type"),
        (ACTIVITY_PATH, {**ACTIVITY, "metadata": {"duration": -1}}, "metadata.duration"),
        (ACTIVITY_PATH, {**ACTIVITY, "metadata": []}, "metadata"),
        (ACTIVITY_PATH, {**ACTIVITY, "user_id": {}}, "user_id"),
        (GEO_PATH, {**GEO, "access_result": "maybe"}, "access_result"),
        (GEO_PATH, {**GEO, "access_result": None}, "access_result"),
        (GEO_PATH, {**GEO, "restriction_level": "street"}, "restriction_level"),
        (GEO_PATH, {**GEO, "is_traveler": "no"}, "is_traveler"),
        (GEO_PATH, {**GEO, "location": {"country": 1}}, "location.country"),
        (GEO_PATH, {**GEO, "community_id": "c" * 1025}, "community_id"),
        ("/api/metrics/", {"metric_type": "cpu_usage"}, "value"),
        ("/api/metrics/", {"value": 1}, "metric_type"),
        ("/api/metrics/", {**METRIC, "value": "high"}, "value"),
        ("/api/metrics/", {**METRIC, "value": 1e13}, "value"),
        ("/api/metrics/", {**METRIC, "additional_data": 1}, "additional_data"),
        ("/api/errors/", {"level": "error"}, "message"),
        ("/api/errors/", {**ERROR, "level": "fatal"}, "level"),
        ("/api/errors/", {**ERROR, "stack_trace": ["Traceback"]}, "stack_trace"),
        ("/api/errors/", {**ERROR, "stack_trace": "x" * 8193}, "stack_trace"),
        ("/api/errors/", {**ERROR, "user": 1.5}, "user"),
    ],
)
def test_what_cannot_be_tracked_is_refused_under_the_name_of_its_field(
    ingestion: RunningIngestion, path: str, sent: dict[str, Any], field: str
) -> None:
    answer = ingestion.call("POST", path, sent)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert isinstance(answer.json()[field][0], str)


def test_what_is_in_quarantine_can_be_read_again(landing_warehouse: Warehouse) -> None:
    rows = query(landing_warehouse, "select payload, endpoint from raw.quarantine")
    assert "PATCH /api/errors/\\u0000/" in [row["endpoint"] for row in rows]
    assert all(row["payload"].startswith("{") for row in rows)


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["quarantined"] > 0
