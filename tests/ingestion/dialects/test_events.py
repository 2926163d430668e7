"""POST /api/events/events/, as the fasting app sends it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import Row, assert_ledger_adds_up, query
from tests.servers import RunningIngestion
from warehouse.numbers import number_of

PATH = "/api/events/events/"
JOINED = {
    "event_type": "user_joined_fast",
    "user": 17,
    "target_type": "fast",
    "target_id": 123,
    "data": {"custom_field": "value"},
}


def record(
    ingestion: RunningIngestion, warehouse: Warehouse, **body: object
) -> tuple[dict[str, Any], Row]:
    """Send an event under an id of its own, and return the answer and its row."""
    event_id = str(uuid.uuid4())
    answer = ingestion.call("POST", PATH, {"event_id": event_id, **body})
    assert answer.status_code == 201, answer.text
    (row,) = query(warehouse, "select * from raw.events where event_id = %s", event_id)
    return answer.json(), row


def test_an_event_is_answered_with_its_title(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    content, row = record(ingestion, landing_warehouse, **JOINED)
    assert datetime.fromisoformat(content.pop("timestamp"))
    assert content == {
        "id": number_of(row["event_id"]),
        "event_type": "user_joined_fast",
        "title": "17 joined fast 123",
        "user": 17,
        "target": {"type": "fast", "id": 123},
        "data": {"custom_field": "value"},
    }
    assert (row["category"], row["event_type"]) == ("user_action", "user_joined_fast")
    assert (row["entity_type"], row["entity_id"], row["user_id"]) == ("fast", "123", "17")
    assert row["properties"] == {"custom_field": "value"}


@pytest.mark.parametrize(
    ("event", "category", "title"),
    [
        ({"event_type": "user_joined_fast", "user": "Ada"}, "user_action", "Ada joined fast 123"),
        ({"event_type": "user_left_fast", "user": "Ada"}, "user_action", "Ada left fast 123"),
        ({"event_type": "fast_beginning"}, "system_event", "Fast 123 has begun"),
        ({"event_type": "fast_ending"}, "system_event", "Fast 123 has ended"),
        ({"event_type": "fast_created"}, "system_event", "Fast 123 was created"),
        ({"event_type": "fast_updated"}, "system_event", "Fast 123 was updated"),
        (
            {"event_type": "devotional_available", "target_type": "devotional"},
            "system_event",
            "New devotional available: devotional 123",
        ),
        (
            {"event_type": "fast_participant_milestone", "data": {"milestone": 100}},
            "milestone",
            "Fast 123 reached 100 participants",
        ),
        (
            {"event_type": "fast_participant_milestone"},
            "milestone",
            "System triggered fast participant milestone on fast 123",
        ),
    ],
)
def test_every_predefined_event_about_a_thing_has_a_title(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event: dict[str, Any],
    category: str,
    title: str,
) -> None:
    content, row = record(ingestion, landing_warehouse, target_id=123, **event)
    assert (row["category"], content["title"]) == (category, title)


@pytest.mark.parametrize(
    ("event", "category", "title"),
    [
        ({"event_type": "user_logged_in"}, "user_action", "Ada logged in"),
        ({"event_type": "user_logged_out"}, "user_action", "Ada logged out"),
        (
            {"event_type": "user_milestone_reached", "data": {"milestone": "first_fast"}},
            "milestone",
            "Ada reached the milestone first_fast",
        ),
        ({"event_type": "opened"}, "notification", "Ada triggered opened"),
        ({"event_type": "custom", "title": "Ada prayed"}, "analytics", "Ada prayed"),
    ],
)
def test_every_predefined_event_about_a_user_has_a_title(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event: dict[str, Any],
    category: str,
    title: str,
) -> None:
    content, row = record(ingestion, landing_warehouse, user="Ada", **event)
    assert (row["category"], content["title"]) == (category, title)
    assert (content["user"], content["target"]) == ("Ada", None)


def test_a_milestone_keeps_its_threshold(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    data = {"milestone": 25, "participant_count": 26}
    _, row = record(
        ingestion,
        landing_warehouse,
        event_type="fast_participant_milestone",
        target_id=1,
        data=data,
    )
    assert row["properties"] == {**data, "threshold": 25}


def test_a_title_of_the_senders_own_is_kept_and_is_no_data(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    content, row = record(ingestion, landing_warehouse, **JOINED, title="Welcome, Ada")
    assert (content["title"], content["data"]) == ("Welcome, Ada", {"custom_field": "value"})
    assert row["properties"]["title"] == "Welcome, Ada"


def test_the_application_before_a_target_type_is_left_out(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    content, _ = record(ingestion, landing_warehouse, **{**JOINED, "target_type": "hub.Fast"})
    assert content["target"] == {"type": "fast", "id": 123}


def test_an_event_of_the_app_needs_no_user(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    content, row = record(
        ingestion, landing_warehouse, event_type="fast_created", target_id=5, user=None
    )
    assert (content["user"], row["user_id"]) == (None, None)


def test_a_retry_under_the_same_id_is_answered_alike(ingestion: RunningIngestion) -> None:
    event = {**JOINED, "event_id": str(uuid.uuid4()), "timestamp": "2024-01-15T10:30:00Z"}
    first, second = (ingestion.call("POST", PATH, event) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "event_type"),
        ({"event_type": "user_flew"}, "event_type"),
        ({"event_type": "page_view"}, "event_type"),
        ({"event_type": 3}, "event_type"),
        ({**JOINED, "target_id": None}, "target_id"),
        ({**JOINED, "target_type": "hub.church"}, "target_type"),
        ({"event_type": "user_logged_in", "user": "u", "target_type": "fast"}, "target_id"),
        ({"event_type": "user_logged_in", "user": "u", "target_id": 1}, "target_type"),
        ({"event_type": "fast_created"}, "target_id"),
        ({**JOINED, "user": None}, "user"),
        ({**JOINED, "user": ["Ada"]}, "user"),
        ({**JOINED, "user": "u" * 256}, "user"),
        ({"event_type": "user_milestone_reached"}, "user"),
        ({**JOINED, "data": ["value"]}, "data"),
        ({**JOINED, "title": "t" * 256}, "title"),
        ({**JOINED, "title": 5}, "title"),
        ({**JOINED, "timestamp": "then"}, "timestamp"),
        (
            {"event_type": "fast_participant_milestone", "target_id": 1, "data": {"threshold": -1}},
            "data.threshold",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused_under_the_name_of_its_field(
    ingestion: RunningIngestion, sent: dict[str, Any], field: str
) -> None:
    answer = ingestion.call("POST", PATH, sent)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert isinstance(answer.json()[field][0], str)


def test_a_sender_without_a_key_is_refused_with_a_detail(ingestion: RunningIngestion) -> None:
    answer = ingestion.call("POST", PATH, JOINED, {"authorization": ""})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["quarantined"] > 0
