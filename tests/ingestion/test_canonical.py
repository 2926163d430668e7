"""POST /v1/events: the forms of a body, and how an event becomes a row."""

from __future__ import annotations

import gzip
import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ingestion.event import canonical_id
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query, stored
from tests.servers import RunningIngestion


def test_a_single_event_is_stored_with_every_field(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event_id = str(uuid.uuid4())
    (verdict,) = ingestion.verdicts(
        {
            "event_id": event_id,
            "category": "product",
            "event_type": "purchase",
            "user_id": "u1",
            "anonymous_id": "a1",
            "session_id": "s1",
            "entity_type": "product",
            "entity_id": 1003461,
            "value": "59.98",
            "currency": "eur",
            "quantity": 2,
            "occurred_at": "2026-01-15T10:30:00+02:00",
            "context": {"page_path": "/checkout", "country": "Österreich"},
            "properties": {"price": 29.990, "tags": ["a", {"b": None}]},
        }
    )
    assert verdict == {"event_id": event_id, "status": "stored", "reason": None}
    row = stored(landing_warehouse, event_id)
    received_at = row.pop("received_at")
    assert abs(received_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert row.pop("load_id") > 0
    assert row == {
        "event_id": uuid.UUID(event_id),
        "visitor_id": "u1",
        "source": "test",
        "category": "product",
        "event_type": "purchase",
        "user_id": "u1",
        "anonymous_id": "a1",
        "session_id": "s1",
        "entity_type": "product",
        "entity_id": "1003461",
        "value": Decimal("59.98"),
        "currency": "EUR",
        "quantity": 2,
        "occurred_at": datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
        "is_time_corrected": False,
        "context": {"page_path": "/checkout", "country": "Österreich"},
        "properties": {"price": 29.99, "tags": ["a", {"b": None}]},
    }


def test_null_as_context_and_properties_is_as_if_there_were_none(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(context=None, properties=None, currency=None, occurred_at=None)
    assert ingestion.statuses(event) == ["stored"]
    row = stored(landing_warehouse, event["event_id"])
    assert (row["context"], row["properties"]) == ({}, {})


@pytest.mark.parametrize(
    "form",
    [
        json.dumps,
        lambda events: json.dumps({"events": events}),
        lambda events: json.dumps({"sent_at": 1, "events": events}, indent=2),
        lambda events: "\n".join(map(json.dumps, events)),
        lambda events: "\r\n\r\n".join(map(json.dumps, events)) + "\n",
        lambda events: "\ufeff " + json.dumps(events),
    ],
    ids=["array", "object", "indented object", "ndjson", "ndjson with blank lines", "with a mark"],
)
@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "gzip"])
def test_a_batch_gets_a_verdict_for_each_event_in_order(
    ingestion: RunningIngestion, form: object, is_compressed: bool
) -> None:
    events = [page_view(event_id=f"order {n} {uuid.uuid4()}") for n in range(5)]
    body = form(events).encode()  # type: ignore[operator]
    if is_compressed:
        verdicts = ingestion.verdicts(gzip.compress(body), content_encoding="gzip")
    else:
        verdicts = ingestion.verdicts(body)
    assert [verdict["status"] for verdict in verdicts] == ["stored"] * 5
    wanted = [canonical_id(str(event["event_id"]), "test") for event in events]
    assert [verdict["event_id"] for verdict in verdicts] == wanted


def test_lines_are_events_where_the_content_type_says_so(ingestion: RunningIngestion) -> None:
    body = json.dumps(page_view()).encode() + b"\nno json\n"
    verdicts = ingestion.verdicts(body, content_type="application/x-ndjson")
    assert [verdict["status"] for verdict in verdicts] == ["stored", "quarantined"]
    assert verdicts[1]["reason"]["code"] == "not_json"


def test_an_empty_batch_gets_no_verdicts(ingestion: RunningIngestion) -> None:
    assert ingestion.verdicts([]) == []


def test_an_event_without_an_id_gets_one_in_the_order_of_time(ingestion: RunningIngestion) -> None:
    events = [page_view(event_id=None) for _ in range(3)]
    ids = [uuid.UUID(verdict["event_id"]) for verdict in ingestion.verdicts(events)]
    assert [one.version for one in ids] == [7, 7, 7]
    assert ids == sorted(ids)


def test_a_foreign_id_becomes_the_same_uuid_every_time(ingestion: RunningIngestion) -> None:
    foreign = f"order-{uuid.uuid4()}"
    first, second = ingestion.verdicts([page_view(event_id=foreign)] * 2)
    assert (first["status"], second["status"]) == ("stored", "duplicate")
    assert first["event_id"] == second["event_id"] == canonical_id(foreign, "test")
    assert uuid.UUID(first["event_id"]).version == 5


def test_two_sources_may_use_the_same_foreign_id() -> None:
    assert canonical_id("1", "shop") != canonical_id("1", "app")


def test_a_uuid_in_capitals_is_the_same_id(ingestion: RunningIngestion) -> None:
    event_id = str(uuid.uuid4())
    assert ingestion.statuses(page_view(event_id=event_id)) == ["stored"]
    assert ingestion.statuses(page_view(event_id=event_id.upper())) == ["duplicate"]


@pytest.mark.parametrize(
    ("given", "visitor"),
    [
        ({"user_id": "u", "anonymous_id": "a", "session_id": "s"}, "u"),
        ({"user_id": None, "anonymous_id": "a", "session_id": "s"}, "a"),
        ({"user_id": "", "anonymous_id": None, "session_id": 7}, "7"),
        ({"user_id": 0}, "0"),
        ({"user_id": None}, None),
    ],
)
def test_the_visitor_is_the_best_known_of_user_device_session_and_event(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    given: dict[str, object],
    visitor: str | None,
) -> None:
    event = page_view(**given)
    ingestion.verdicts(event)
    row = stored(landing_warehouse, event["event_id"])
    assert row["visitor_id"] == (visitor or event["event_id"])


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-01-15T10:30:00Z", datetime(2026, 1, 15, 10, 30, tzinfo=UTC)),
        ("2026-01-15t10:30:00.5z", datetime(2026, 1, 15, 10, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-01-15 10:30", datetime(2026, 1, 15, 10, 30, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000_250, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        (1_700_000_000.25, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
    ],
)
def test_the_time_of_an_event_is_understood_in_each_spelling(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, given: object, moment: datetime
) -> None:
    event = page_view(occurred_at=given)
    ingestion.verdicts(event)
    assert stored(landing_warehouse, event["event_id"])["occurred_at"] == moment


def test_an_event_without_a_time_happened_when_it_was_received(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view()
    ingestion.verdicts(event)
    row = stored(landing_warehouse, event["event_id"])
    assert row["occurred_at"] == row["received_at"]
    assert not row["is_time_corrected"]


def test_a_clock_that_is_far_ahead_is_corrected_and_marked(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(occurred_at=(datetime.now(UTC) + timedelta(minutes=6)).isoformat())
    ingestion.verdicts(event)
    row = stored(landing_warehouse, event["event_id"])
    assert row["occurred_at"] == row["received_at"]
    assert row["is_time_corrected"]


def test_a_clock_that_is_a_little_ahead_is_believed(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=4)
    event = page_view(occurred_at=moment.isoformat())
    ingestion.verdicts(event)
    row = stored(landing_warehouse, event["event_id"])
    assert (row["occurred_at"], row["is_time_corrected"]) == (moment, False)


@pytest.mark.parametrize("amount", ["0.1", "19.99", "123456789012.34", "0.30000000000000004", "-5"])
def test_money_is_stored_to_the_last_digit(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, amount: str
) -> None:
    event = page_view(value="AMOUNT")
    body = json.dumps(event).replace('"AMOUNT"', amount).encode()
    ingestion.verdicts(body)
    assert stored(landing_warehouse, event["event_id"])["value"] == Decimal(amount)


def test_properties_keep_every_digit_and_what_the_catalogue_does_not_know(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view()
    body = json.dumps(event)[:-1] + ', "properties": {"mine": 0.1234567890123456789}}'
    ingestion.verdicts(body.encode())
    (row,) = query(
        landing_warehouse,
        "select properties ->> 'mine' as mine from raw.events where event_id = %s",
        event["event_id"],
    )
    assert row["mine"] == "0.1234567890123456789"
