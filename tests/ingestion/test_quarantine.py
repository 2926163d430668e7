"""Events that cannot be stored: each on its own, with the reason, and never its neighbours."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, quarantined, query
from tests.servers import RunningIngestion, running_ingestion


def deep(levels: int) -> object:
    """Return objects nested that many levels."""
    return {} if levels == 1 else {"a": deep(levels - 1)}


@pytest.fixture(scope="module")
def limited(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion with limits that a test reaches easily."""
    with running_ingestion(
        landing_warehouse,
        FOOTFALL_MAX_EVENT_BYTES="4000",
        FOOTFALL_MAX_DEPTH="4",
        FOOTFALL_MAX_STRING_LENGTH="1000",
    ) as running:
        yield running
    assert_ledger_adds_up(landing_warehouse)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_type": "page_veiw"}, ("unknown_event_type", "event_type", "it has page_view")),
        (
            {"category": "users"},
            ("unknown_event_type", "category", "catalogue add users/page_view --new-"),
        ),
        ({"event_type": None}, ("missing_field", "event_type", "send one")),
        ({"category": ""}, ("missing_field", "category", "send one")),
        ({"category": "Not Snake"}, ("invalid_name", "category", "snake_case")),
        ({"user_id": 1.5}, ("wrong_type", "user_id", "correct its type")),
        ({"value": "much"}, ("wrong_type", "value", "Invalid decimal")),
        ({"value": "NaN"}, ("wrong_type", "value", "finite")),
        ({"value": 1e300}, ("number_out_of_range", "value", "check how it is computed")),
        ({"quantity": "1e-70"}, ("number_out_of_range", "quantity", "digits after the point")),
        ({"currency": "euro"}, ("invalid_currency", "currency", "such as EUR")),
        ({"occurred_at": "yesterday"}, ("invalid_time", "occurred_at", "RFC 3339")),
        ({"occurred_at": "1989-12-31T23:59:59Z"}, ("invalid_time", "occurred_at", "before 1990")),
        ({"occurred_at": 1e300}, ("invalid_time", "occurred_at", "RFC 3339")),
        ({"timestamp": 1}, ("unknown_field", "timestamp", "put it into properties")),
        ({"user_id": "u" * 256}, ("id_too_long", "user_id", "255 bytes")),
        ({"entity_id": "ü" * 600}, ("id_too_long", "entity_id", "1024 bytes")),
        ({"context": []}, ("wrong_type", "context", "must be an object")),
        ({"properties": "x"}, ("wrong_type", "properties", "must be an object")),
        ({"context": {"country": 49}}, ("wrong_type", "context.country", "must be a string")),
        (
            {"properties": {"status_code": "200"}},
            ("wrong_type", "properties.status_code", "send it as an integer"),
        ),
        (
            {"properties": {"status_code": 1000}},
            ("number_out_of_range", "properties.status_code", "between 100 and 599"),
        ),
        (
            {"event_type": "identify", "properties": {"traits": ["plan"]}},
            ("wrong_type", "properties.traits", "must be an object, not an array"),
        ),
        (
            {"properties": {"mine": 10**30}},
            ("number_out_of_range", "properties.mine", "as a string"),
        ),
        ({"properties": {"x": "y" * 1001}}, ("string_too_long", "properties.x", "LENGTH")),
        (
            {"properties": {"x" * 1001: 1}},
            ("string_too_long", "properties." + "x" * 100, "shorten"),
        ),
        (
            {"properties": {"x": deep(3)}},
            ("too_deep", "properties.x.a.a", "FOOTFALL_MAX_DEPTH (4)"),
        ),
        ({"properties": {"x": ["y" * 900] * 5}}, ("event_too_large", None, "EVENT_BYTES")),
        ({"properties": {"x": "a\0b"}}, ("invalid_text", "properties.x", "remove it")),
        ({"properties": {"a\0b": 1}}, ("invalid_text", "properties.a\\u0000b", "remove it")),
        ({"user_id": "\0"}, ("invalid_text", "user_id", "remove it")),
    ],
)
def test_a_bad_event_is_quarantined_with_a_reason_that_names_field_and_remedy(
    limited: RunningIngestion,
    landing_warehouse: Warehouse,
    change: dict[str, object],
    reason: tuple[str, str | None, str],
) -> None:
    code, field, remedy = reason
    event = page_view(**change)
    before, bad, after = limited.verdicts([page_view(), event, page_view()])
    assert (before["status"], bad["status"], after["status"]) == ("stored", "quarantined", "stored")
    assert (bad["reason"]["code"], bad["reason"]["field"]) == (code, field)
    assert remedy in bad["reason"]["message"]
    row = quarantined(landing_warehouse, event["event_id"])
    assert (row["reason"], row["field"]) == (code, field)
    assert row["message"] == bad["reason"]["message"]
    assert row["state"] == "open"
    assert json.loads(row["payload"]) == event


@pytest.mark.parametrize(
    ("category", "event_type", "field"),
    [
        ("product", "view", "entity_id"),
        ("system", "metric", "value"),
        ("product", "rename", "properties.product_name"),
        ("experiment", "exposure", "properties.variant"),
    ],
)
def test_a_missing_field_is_named(
    limited: RunningIngestion, category: str, event_type: str, field: str
) -> None:
    given = {"entity_id": "1"} if field != "entity_id" else {}
    (verdict,) = limited.verdicts(page_view(category=category, event_type=event_type, **given))
    assert (verdict["reason"]["code"], verdict["reason"]["field"]) == ("missing_field", field)


@pytest.mark.parametrize(
    ("change", "remedies"),
    [
        ({"properties": {"status_code": "200"}}, ["user.yaml of the catalogue"]),
        ({"event_type": "nap"}, ["`footfall catalogue add user/nap --description …`"]),
        ({"category": "cat"}, ["`footfall catalogue add cat/page_view --new-category …`"]),
        (
            {"category": "system", "event_type": "error", "properties": {"level": "fatal"}},
            ["add the value to system.yaml of the catalogue"],
        ),
    ],
)
def test_what_drifts_from_the_catalogue_is_told_the_commands_that_mend_it(
    limited: RunningIngestion, change: dict[str, object], remedies: list[str]
) -> None:
    event = page_view(**change)
    properties = event.get("properties") or {}
    assert isinstance(properties, dict)
    (verdict,) = limited.verdicts({**event, "properties": {"message": "m", **properties}})
    name = f"{event['category']}/{event['event_type']}"
    for remedy in [*remedies, f"`footfall quarantine replay --event-type {name}`"]:
        assert remedy in verdict["reason"]["message"]


@pytest.mark.parametrize(
    "text",
    [
        rb'{"x": "\ud800"}',
        rb'{"x": "\udc00abcdef"}',
        rb'{"x": "\ud800\ud800"}',
        b'{"x": NaN}',
        b'{"x": -Infinity}',
        b'{"x": 1e999}',
        b'{"x": 1e100000}',
        b'{"x": 1e-100000}',
        b'{"x": 0.' + b"0" * 500 + b"1}",
        b'{"x": ' + b"9" * 500 + b"}",
        b'{"status_code": 1e999}',
        b'{"x": "\xff"}',
        b'{"x": "\xed\xa0\x80"}',
        b'{"status_code": 200, "x\xc0\x80": 1}',
        b'{"x": ' + b"[" * 1500 + b"]" * 1500 + b"}",
    ],
)
@pytest.mark.parametrize("form", ["array", "object", "lines"])
def test_what_postgres_cannot_hold_is_quarantined_and_its_neighbours_are_stored(
    limited: RunningIngestion, text: bytes, form: str
) -> None:
    good = json.dumps(page_view()).encode()
    bad = json.dumps(page_view()).encode()[:-1] + b', "properties": ' + text + b"}"
    body = {
        "array": b"[" + good + b"," + bad + b" , " + good.replace(b"u1", b"u2") + b"]",
        "object": b'{"events": [' + good + b"," + bad + b"," + good + b"]}",
        "lines": good + b"\n" + bad + b"\n" + good,
    }[form]
    statuses = limited.statuses(body)
    assert statuses == ["stored", "quarantined", "duplicate"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (rb'"\ud800"', "invalid_text"),
        (b'"\xff"', "invalid_text"),
        (b"NaN", "not_finite"),
        (b"[" * 5000 + b"]" * 5000, "too_deep"),
    ],
)
def test_a_single_event_that_no_strict_reader_takes_is_quarantined(
    ingestion: RunningIngestion, value: bytes, code: str
) -> None:
    body = json.dumps(page_view()).encode()[:-1] + b', "properties": {"x": ' + value + b"}}"
    (verdict,) = ingestion.verdicts(body)
    assert verdict["reason"]["code"] == code


@pytest.mark.parametrize("element", [b"5", b'"text"', b"null", b"[]", b"true", b"[[{}]]"])
def test_an_element_that_is_no_object_is_quarantined(
    limited: RunningIngestion, element: bytes
) -> None:
    good = json.dumps(page_view()).encode()
    verdicts = limited.verdicts(b"[" + element + b"," + good + b"]")
    assert [verdict["status"] for verdict in verdicts] == ["quarantined", "stored"]
    assert verdicts[0]["reason"]["code"] == "not_an_object"
    assert verdicts[0]["event_id"] is None


def test_an_event_that_was_quarantined_can_be_sent_again_corrected(
    limited: RunningIngestion,
) -> None:
    event = page_view(currency="euro")
    assert limited.statuses(event) == ["quarantined"]
    assert limited.statuses({**event, "currency": "EUR"}) == ["stored"]


def test_unknown_event_types_are_stored_as_given_where_the_setting_says_so(
    warehouse: Warehouse,
) -> None:
    with running_ingestion(warehouse, FOOTFALL_UNKNOWN_EVENTS="custom") as ingestion:
        verdicts = ingestion.verdicts(
            [
                page_view(category="garden", event_type="rose_cut", properties={"stems": 3}),
                page_view(category="garden", event_type="Rose Cut"),
                page_view(category="product", event_type="view"),
            ]
        )
    assert [verdict["status"] for verdict in verdicts] == ["stored", "quarantined", "quarantined"]
    (row,) = query(warehouse, "select category, event_type, properties from raw.events")
    assert row == {"category": "garden", "event_type": "rose_cut", "properties": {"stems": 3}}


def test_an_event_with_a_foreign_id_is_found_in_quarantine_by_its_uuid(
    limited: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    (verdict,) = limited.verdicts(page_view(event_id=f"order-{uuid.uuid4()}", currency="euro"))
    assert quarantined(landing_warehouse, verdict["event_id"])["category"] == "user"


def test_an_event_in_quarantine_tells_where_it_came_in_and_who_sent_it(
    limited: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(currency="euro")
    limited.verdicts(event)
    row = quarantined(landing_warehouse, event["event_id"])
    assert row["endpoint"] == "POST /v1/events"
    assert json.loads(row["sender"]) == {"name": "tests"}
