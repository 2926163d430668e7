"""An event of the quarantine is judged as its sender's, where it came in, by the rules of now."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ingestion.admission import Rules
from ingestion.catalogue import Catalogue
from ingestion.dialect import Dialect, Endpoint
from ingestion.dialects import DIALECTS
from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed
from ingestion.lookups import Lookups
from ingestion.plan import read_plan
from ingestion.privacy import Privacy
from ingestion.quarantine.entries import Entry
from ingestion.quarantine.rejudgement import Court
from ingestion.request import Request
from ingestion.sender import Sender
from warehouse.settings import Settings

NOW = dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC)
Judge = Callable[..., Item]


def entry(event: dict[str, Any] | None = None, **fields: Any) -> Entry:
    """Return a row of the quarantine, whose event was once read as this."""
    row: dict[str, Any] = {
        **dict.fromkeys(Entry._fields),
        "quarantine_id": 17,
        "load_id": 3,
        "received_at": NOW,
        "source": "shop",
        "reason": "unknown_event_type",
        "message": "",
        "payload": "{}",
        "dialect": "canonical",
        "event": None if event is None else json.dumps(event),
        "endpoint": "POST /v1/events",
        "state": "open",
    }
    return Entry(**{**row, **fields})


def login(**fields: object) -> dict[str, Any]:
    return {"category": "user", "event_type": "login", "user_id": "u-1", **fields}


async def _no_answer(query: str, *values: object) -> Sequence[Any]:
    raise OSError("these tests have no Postgres")


def judge(given: Entry, *, is_vouched_for: bool = False, **settings: Any) -> Item:
    """Judge an entry again by the catalogue as it is, and settings."""
    chosen = Settings(_env_file=None, **settings)
    rules = Rules.of(chosen, Catalogue(read_plan()), Privacy(chosen))
    court = Court(rules, Lookups(_no_answer))
    return asyncio.run(court.judge(given, is_vouched_for=is_vouched_for)).item


@pytest.mark.parametrize(
    ("dialect", "endpoint"),
    [
        (dialect, endpoint)
        for dialect in DIALECTS
        for endpoint in dialect.endpoints
        if endpoint.operation.status < 300  # others take no events
    ],
    ids=lambda one: one.path if isinstance(one, Endpoint) else one.name,
)
def test_the_payload_of_every_endpoint_can_be_read_again(
    dialect: Dialect, endpoint: Endpoint
) -> None:
    path = endpoint.path.format(error_id=1, metric_id=1)
    request = Request(Sender("key", "shop"), {}, "")
    for raw in endpoint.split(json.dumps(endpoint.operation.example).encode(), request):
        again = entry(
            payload=raw.decode(), dialect=dialect.name, endpoint=f"{endpoint.method} {path}"
        )
        assert isinstance(judge(again), Event)


def test_an_endpoint_that_is_no_more_is_told_with_the_remedy() -> None:
    item = judge(entry(dialect="gone", endpoint="POST /gone"))
    assert isinstance(item, Rejected)
    assert item.reason.code == "not_readable"
    assert "--from-file" in item.reason.message


def test_a_canonical_form_is_judged_though_its_endpoint_is_no_more() -> None:
    assert isinstance(judge(entry(login(), dialect="gone", endpoint="POST /gone")), Event)


def test_an_event_of_which_no_sender_is_known_is_judged_as_its_source_s() -> None:
    item = judge(entry(login()))
    assert isinstance(item, Event)
    assert item.source == "shop"


def test_the_user_whom_a_token_named_is_the_one_who_did_it() -> None:
    sender = Sender("jwt", "shop", frozenset(), user_id="u-9").as_json()
    item = judge(entry(payload=json.dumps(login(user_id=None)), sender=sender))
    assert isinstance(item, Event)
    assert item.user_id == "u-9"


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        (Sender("jwt", "shop", frozenset(), user_id="u-9"), "not_yours"),
        (Sender("key", "shop", categories=frozenset({"product"})), "out_of_scope"),
    ],
)
def test_what_a_sender_may_not_send_stays_out_unless_somebody_vouches(
    sender: Sender, code: str
) -> None:
    given = entry(login(), sender=sender.as_json())
    item = judge(given)
    assert isinstance(item, Rejected)
    assert item.reason.code == code
    assert isinstance(judge(given, is_vouched_for=True), Event)


def test_what_a_format_wants_beyond_the_catalogue_is_asked_again() -> None:
    plain_user = Sender("jwt", "shop", frozenset(), user_id="u-1").as_json()
    milestone = {"category": "milestone", "event_type": "milestone_10_users", "user_id": "u-1"}
    given = entry(
        milestone, dialect="events", endpoint="POST /api/events/events/", sender=plain_user
    )
    item = judge(given)
    assert isinstance(item, Rejected)
    assert item.reason.code == "not_allowed"
    vouched = judge(given, is_vouched_for=True)
    assert not isinstance(vouched, Rejected) or vouched.reason.code != "not_allowed"


def test_an_event_without_an_id_always_gets_the_same_one() -> None:
    first, second = judge(entry(login())), judge(entry(login()))
    other = judge(entry(login(), quarantine_id=18))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert isinstance(other, Event)
    assert first.event_id == second.event_id != other.event_id


def test_a_clock_is_held_against_the_time_of_receipt() -> None:
    item = judge(entry(login(occurred_at="2026-11-21T09:30:00Z")))
    assert isinstance(item, Event)
    assert (item.occurred_at, item.is_time_corrected) == (NOW, True)


@pytest.mark.parametrize(
    ("settings", "event", "code"),
    [
        ({"consent": "opt_in"}, login(), "no_consent"),
        ({"consent": "opt_out"}, login(consent="denied"), "consent_denied"),
        ({"track_anonymous": False}, login(user_id=None), "anonymous_not_tracked"),
        ({"bots": "suppress"}, login(context={"device": "bot"}), "bot"),
    ],
)
def test_what_may_not_be_kept_by_now_is_suppressed(
    settings: dict[str, Any], event: dict[str, Any], code: str
) -> None:
    item = judge(entry(event), **settings)
    assert isinstance(item, Suppressed)
    assert item.reason.code == code


@pytest.mark.parametrize(
    ("mode", "kept", "then"),
    [
        ("truncated", "203.0.113.0/24", "203.0.113.0/24"),
        ("truncated", "2001:db8:1::/48", "2001:db8:1::/48"),
        ("truncated", "203.0.113.0/25", None),
        ("hashed", "0123456789abcdef" * 2, "0123456789abcdef" * 2),
        ("truncated", "0123456789abcdef" * 2, None),
        ("hashed", "203.0.113.0/24", None),
        ("off", "203.0.113.0/24", None),
        ("full", "203.0.113.0/24", "203.0.113.0/24"),
    ],
)
def test_an_address_that_is_reduced_stays_so_unless_less_is_kept_by_now(
    mode: str, kept: str, then: str | None
) -> None:
    item = judge(entry(login(context={"ip": kept})), ip_addresses=mode)
    assert isinstance(item, Event)
    assert json.loads(item.context).get("ip") == then
