"""The ticket platform's endpoints, as its pages and its server send to them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import Row, assert_ledger_adds_up, stored
from tests.servers import RunningIngestion

ACTIVITY = {
    "eventType": "page_view",
    "sessionId": "session-123",
    "pageUrl": "https://bilten.com/events?page=2",
    "eventData": {"referrer": "google.com", "searchTerm": "music events"},
}
INTERACTION = {
    "eventId": "event-uuid",
    "interactionType": "view",
    "sessionId": "session-123",
    "interactionData": {"duration": 45, "scrollDepth": 75},
}
CONVERSION = {
    "conversionType": "purchase",
    "conversionValue": 99.99,
    "sessionId": "session-123",
    "campaignId": "summer2024",
    "conversionData": {"orderId": "order-123", "ticketCount": 2},
}
PERFORMANCE = {
    "endpoint": "/api/v1/events",
    "responseTime": 245,
    "statusCode": 200,
    "errorMessage": None,
}
HEATMAP = {
    "pageUrl": "https://bilten.com/events",
    "xPosition": 150,
    "yPosition": 200,
    "elementSelector": ".event-card",
    "clickCount": 1,
    "hoverCount": 3,
    "scrollDepth": 75,
    "sessionId": "session-123",
}
SEED = {
    "activity": (ACTIVITY, "Activity tracked successfully"),
    "event-interaction": (INTERACTION, "Event interaction tracked successfully"),
    "conversion": (CONVERSION, "Conversion tracked successfully"),
    "performance": (PERFORMANCE, "Performance tracked successfully"),
    "heatmap": (HEATMAP, "Heatmap data tracked successfully"),
}


def send(ingestion: RunningIngestion, name: str, body: Any, **headers: str) -> httpx.Response:
    return ingestion.call("POST", f"/api/v1/tracking/{name}", body, headers)


def track(
    ingestion: RunningIngestion, warehouse: Warehouse, name: str, body: Any, **headers: str
) -> Row:
    """Send an event, and return its row."""
    answer = send(ingestion, name, body, **headers)
    assert answer.status_code == 200, answer.text
    return stored(warehouse, answer.json()["data"]["trackingId"])


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of a refusal, which always has this form."""
    content = answer.json()
    assert content.keys() == {"success", "message", "error", "field"}
    assert content["success"] is False
    return answer.status_code, content["error"], content["field"]


@pytest.mark.parametrize("name", SEED)
def test_every_request_of_the_seed_is_answered_as_the_seed_says(
    ingestion: RunningIngestion, name: str
) -> None:
    body, message = SEED[name]
    answer = send(ingestion, name, body)
    content = answer.json()
    data = content.pop("data")
    assert answer.status_code == 200
    assert content == {"success": True, "message": message}
    assert data.keys() == {"trackingId", "timestamp"}
    assert str(uuid.UUID(data["trackingId"])) == data["trackingId"]
    sent_at = datetime.fromisoformat(data["timestamp"])
    assert abs(datetime.now(UTC) - sent_at) < timedelta(minutes=1)


def test_an_activity_keeps_its_page_and_its_data(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = track(ingestion, landing_warehouse, "activity", ACTIVITY)
    assert (row["category"], row["event_type"]) == ("user", "page_view")
    assert (row["session_id"], row["visitor_id"]) == ("session-123", "session-123")
    assert row["context"]["page_url"] == "https://bilten.com/events?page=2"
    assert row["context"]["page_path"] == "/events"
    assert row["context"]["referrer"] == "google.com"
    assert row["properties"] == {"search_term": "music events"}


def test_the_page_view_of_the_hook_keeps_the_title(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    data = {"title": "Events", "referrer": "google.com", "page": "/events", "utmSource": "mail"}
    row = track(
        ingestion, landing_warehouse, "activity", {"eventType": "page_view", "eventData": data}
    )
    wanted = {
        "page_title": "Events",
        "referrer": "google.com",
        "page_path": "/events",
        "utm_source": "mail",
    }
    assert {name: row["context"].get(name) for name in wanted} == wanted
    assert row["properties"] == {}


@pytest.mark.parametrize(
    ("event_type", "data", "properties"),
    [
        (
            "search",
            {"query": "music events", "results": 45, "filters": {"category": "music"}},
            {"query": "music events", "results": 45, "filters": {"category": "music"}},
        ),
        ("scroll", {"scrollDepth": 80}, {"scroll_depth": 80}),
        (
            "click",
            {"xPosition": 1, "elementSelector": "#buy"},
            {"x_position": 1, "element_selector": "#buy"},
        ),
        ("event_view", {}, {}),
        ("login", {"loginMethod": "password"}, {"login_method": "password"}),
    ],
)
def test_an_event_type_that_the_catalogue_knows_is_a_user_event(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event_type: str,
    data: dict[str, Any],
    properties: dict[str, Any],
) -> None:
    body = {"eventType": event_type, "eventData": data}
    row = track(ingestion, landing_warehouse, "activity", body)
    assert (row["category"], row["event_type"]) == ("user", event_type)
    assert row["properties"] == properties


@pytest.mark.parametrize(
    ("event_type", "data", "properties"),
    [
        (
            "button_click",
            {"buttonId": "buy-ticket", "buttonText": "Buy Ticket"},
            {"button_id": "buy-ticket", "button_text": "Buy Ticket"},
        ),
        (
            "event_click",
            {"eventTitle": "Summer concert", "eventCategory": "music"},
            {"event_title": "Summer concert", "event_category": "music"},
        ),
    ],
)
def test_an_activity_with_an_event_is_about_the_event(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event_type: str,
    data: dict[str, Any],
    properties: dict[str, Any],
) -> None:
    body = {"eventType": event_type, "eventData": {**data, "eventId": "event-123"}}
    row = track(ingestion, landing_warehouse, "activity", body)
    assert (row["event_type"], row["entity_type"]) == (event_type, "event")
    assert (row["entity_id"], row["properties"]) == ("event-123", properties)


def test_any_other_event_type_is_a_custom_event_of_that_name(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    body = {"eventType": "Seat map opened", "eventData": {"name": "hall", "zoomLevel": 2}}
    row = track(ingestion, landing_warehouse, "activity", body)
    assert (row["category"], row["event_type"]) == ("analytics", "custom")
    assert row["properties"] == {"name": "Seat map opened", "data_name": "hall", "zoom_level": 2}


def test_an_activity_without_a_page_happened_on_the_page_that_sent_it(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = track(
        ingestion,
        landing_warehouse,
        "activity",
        {"eventType": "click"},
        referer="https://bilten.com/events/7",
    )
    assert row["context"]["page_url"] == "https://bilten.com/events/7"


@pytest.mark.parametrize(
    ("interaction", "data", "properties"),
    [
        (
            "view",
            {"duration": 120, "scrollDepth": 80, "source": "search_results"},
            {"duration": 120, "scroll_depth": 80, "source": "search_results"},
        ),
        (
            "like",
            {"previousLikes": 45, "userType": "registered"},
            {"previous_likes": 45, "user_type": "registered"},
        ),
        (
            "share",
            {"platform": "facebook", "shareText": "Check out this amazing event!"},
            {"platform": "facebook", "share_text": "Check out this amazing event!"},
        ),
        ("bookmark", {}, {}),
        ("unlike", {}, {}),
    ],
)
def test_an_interaction_is_about_its_event(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    interaction: str,
    data: dict[str, Any],
    properties: dict[str, Any],
) -> None:
    body = {"eventId": 123, "interactionType": interaction, "interactionData": data}
    row = track(ingestion, landing_warehouse, "event-interaction", body)
    assert (row["category"], row["event_type"]) == ("content", interaction)
    assert (row["entity_type"], row["entity_id"]) == ("event", "123")
    assert row["properties"] == properties


def test_any_other_interaction_is_kept_by_its_name(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    body = {"eventId": "e", "interactionType": "open seat map"}
    row = track(ingestion, landing_warehouse, "event-interaction", body)
    assert (row["category"], row["event_type"]) == ("content", "interaction")
    assert row["properties"] == {"interaction_type": "open seat map"}


def test_a_conversion_keeps_value_campaign_order_and_event(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    data = {
        "orderId": 123,
        "eventId": "event-123",
        "ticketCount": 2,
        "ticketType": "vip",
        "paymentMethod": "credit_card",
        "currency": "eur",
    }
    row = track(ingestion, landing_warehouse, "conversion", {**CONVERSION, "conversionData": data})
    assert (row["category"], row["event_type"]) == ("conversion", "purchase")
    assert (row["value"], row["currency"]) == (Decimal("99.99"), "EUR")
    assert (row["entity_type"], row["entity_id"]) == ("event", "event-123")
    assert row["properties"] == {
        "campaign_id": "summer2024",
        "order_id": "123",
        "ticket_count": 2,
        "ticket_type": "vip",
        "payment_method": "credit_card",
    }


@pytest.mark.parametrize(
    ("conversion", "event_type", "properties"),
    [
        ("registration", "registration", {}),
        ("newsletter_signup", "newsletter_signup", {}),
        ("signup", "signup", {}),
        ("trial", "trial", {}),
        ("brochure download", "custom", {"name": "brochure download"}),
    ],
)
def test_a_conversion_is_the_goal_of_its_name_or_a_custom_one(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    conversion: str,
    event_type: str,
    properties: dict[str, Any],
) -> None:
    body = {"conversionType": conversion, "conversionValue": 0}
    row = track(ingestion, landing_warehouse, "conversion", body)
    assert (row["event_type"], row["value"], row["properties"]) == (event_type, 0, properties)


def test_performance_is_a_request_that_an_endpoint_answered(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = track(ingestion, landing_warehouse, "performance", {**PERFORMANCE, "statusCode": 500})
    assert (row["category"], row["event_type"]) == ("system", "api_request")
    assert (row["entity_type"], row["entity_id"]) == ("endpoint", "/api/v1/events")
    assert row["properties"] == {
        "response_time_ms": 245,
        "status_code": 500,
        "error_message": None,
    }


def test_a_heatmap_is_about_its_page(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = track(ingestion, landing_warehouse, "heatmap", HEATMAP)
    assert (row["category"], row["event_type"]) == ("page", "heatmap")
    assert (row["entity_type"], row["entity_id"]) == ("page", "https://bilten.com/events")
    assert row["properties"] == {
        "x_position": 150,
        "y_position": 200,
        "element_selector": ".event-card",
        "click_count": 1,
        "hover_count": 3,
        "scroll_depth": 75,
    }


def test_the_columns_of_the_tables_are_names_too(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    row = track(
        ingestion,
        landing_warehouse,
        "activity",
        {
            "user_id": "u-7",
            "session_id": "s-7",
            "event_type": "page_view",
            "event_data": {"page_title": "Events"},
            "page_url": "/events",
            "created_at": "2024-01-15T10:30:00Z",
        },
    )
    assert (row["user_id"], row["session_id"]) == ("u-7", "s-7")
    assert row["context"]["page_title"] == "Events"
    assert row["occurred_at"] == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


def test_a_retry_under_the_same_tracking_id_is_answered_alike(ingestion: RunningIngestion) -> None:
    body = {**ACTIVITY, "trackingId": str(uuid.uuid4()), "timestamp": "2024-01-15T10:30:00Z"}
    first, second = (send(ingestion, "activity", body).json() for _ in range(2))
    assert first == second
    assert first["data"] == {
        "trackingId": body["trackingId"],
        "timestamp": "2024-01-15T10:30:00Z",
    }


def test_a_batch_holds_any_shapes_and_gets_a_verdict_for_each(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    answer = send(ingestion, "batch", {"events": [body for body, _ in SEED.values()]})
    content = answer.json()
    assert (answer.status_code, content["success"]) == (200, True)
    assert content["message"] == "Batch tracked successfully"
    results = content["data"]["results"]
    assert [result["status"] for result in results] == ["stored"] * 5
    rows = [stored(landing_warehouse, result["trackingId"]) for result in results]
    assert [(row["category"], row["event_type"]) for row in rows] == [
        ("user", "page_view"),
        ("content", "view"),
        ("conversion", "purchase"),
        ("system", "api_request"),
        ("page", "heatmap"),
    ]


@pytest.mark.parametrize(
    ("event", "category"),
    [
        ({**ACTIVITY, "type": "activity"}, "user"),
        ({**ACTIVITY, "type": "submit"}, "user"),
        ({"type": "heatmap", **HEATMAP}, "page"),
        ({"type": "event_interaction", **INTERACTION}, "content"),
        ({"type": "eventInteraction", **INTERACTION}, "content"),
        ({"conversion_type": "signup"}, "conversion"),
        ({"endpoint": "/x", "response_time": 3}, "system"),
    ],
)
def test_an_event_of_a_batch_is_told_by_its_type_or_its_fields(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    event: dict[str, Any],
    category: str,
) -> None:
    (result,) = send(ingestion, "batch", {"events": [event]}).json()["data"]["results"]
    assert stored(landing_warehouse, result["trackingId"])["category"] == category


def test_what_is_wrong_with_one_event_of_a_batch_is_no_harm_to_the_others(
    ingestion: RunningIngestion,
) -> None:
    wrong = [
        {"mood": "good"},
        {"type": "conversion"},
        {**INTERACTION, "interactionData": {"scrollDepth": 101}},
        7,
    ]
    answer = send(ingestion, "batch", {"events": [ACTIVITY, *wrong]})
    content = answer.json()
    assert (answer.status_code, content["success"]) == (200, False)
    assert content["message"] == "1 of 5 events tracked"
    results = content["data"]["results"]
    assert [(result["error"], result["field"]) for result in results] == [
        (None, None),
        ("missing_field", "type"),
        ("missing_field", "conversionType"),
        ("number_out_of_range", "interactionData.scrollDepth"),
        ("not_an_object", None),
    ]
    assert [result["trackingId"] is None for result in results] == [False, True, True, True, True]


def test_an_empty_batch_is_fine(ingestion: RunningIngestion) -> None:
    assert send(ingestion, "batch", {"events": []}).json()["data"]["results"] == []


@pytest.mark.parametrize(
    ("name", "sent", "code", "field"),
    [
        ("activity", {"sessionId": "s"}, "missing_field", "eventType"),
        ("activity", {**ACTIVITY, "eventType": 4}, "wrong_type", "eventType"),
        ("activity", {**ACTIVITY, "eventData": "x"}, "wrong_type", "eventData"),
        ("activity", {**ACTIVITY, "pageUrl": 7}, "wrong_type", "pageUrl"),
        (
            "activity",
            {**ACTIVITY, "eventData": {"duration": "x"}},
            "wrong_type",
            "eventData.duration",
        ),
        ("activity", {**ACTIVITY, "sessionId": "s" * 256}, "id_too_long", "sessionId"),
        ("activity", {**ACTIVITY, "timestamp": "noon"}, "invalid_time", "timestamp"),
        ("event-interaction", {"interactionType": "view"}, "missing_field", "eventId"),
        ("event-interaction", {"eventId": "e"}, "missing_field", "interactionType"),
        (
            "event-interaction",
            {**INTERACTION, "interactionData": {"scrollDepth": 101}},
            "number_out_of_range",
            "interactionData.scrollDepth",
        ),
        ("conversion", {}, "missing_field", "conversionType"),
        ("conversion", {**CONVERSION, "conversionValue": "x"}, "wrong_type", "conversionValue"),
        (
            "conversion",
            {**CONVERSION, "conversionValue": 1e15},
            "number_out_of_range",
            "conversionValue",
        ),
        ("performance", {"responseTime": 1}, "missing_field", "endpoint"),
        ("performance", {**PERFORMANCE, "statusCode": 99}, "number_out_of_range", "statusCode"),
        ("performance", {**PERFORMANCE, "responseTime": -1}, "number_out_of_range", "responseTime"),
        ("heatmap", {"xPosition": 1}, "missing_field", "pageUrl"),
        ("heatmap", {**HEATMAP, "clickCount": 1.5}, "wrong_type", "clickCount"),
        ("heatmap", {**HEATMAP, "scrollDepth": 101}, "number_out_of_range", "scrollDepth"),
        ("activity", [ACTIVITY], "not_json", None),
        ("batch", b"{", "not_json", None),
        ("batch", {}, "not_a_batch", None),
        ("batch", ACTIVITY, "not_a_batch", None),
        ("batch", {"events": ACTIVITY}, "not_a_batch", None),
    ],
)
def test_what_cannot_be_tracked_is_refused_under_the_name_of_its_field(
    ingestion: RunningIngestion, name: str, sent: Any, code: str, field: str | None
) -> None:
    assert refused(send(ingestion, name, sent)) == (400, code, field)


def test_a_refusal_without_a_key_has_the_form_of_the_platform(ingestion: RunningIngestion) -> None:
    answer = send(ingestion, "activity", ACTIVITY, authorization="Bearer fw_unknown")
    assert refused(answer) == (401, "unauthorized", None)


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["quarantined"] > 0
