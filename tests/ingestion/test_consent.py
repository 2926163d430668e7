"""What may not be kept is dropped, counted, and lands nowhere: not even in quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, query
from tests.servers import FROM_A_PAGE, RunningIngestion

Event = dict[str, object]

METRIC: Event = {"category": "system", "event_type": "metric", "entity_id": "cpu", "value": 1}
UNKNOWN: Event = {"category": "garden", "event_type": "rose_cut", "user_id": "u1"}


@pytest.fixture(autouse=True)
def _defaults(home: Home, landing_warehouse: Warehouse) -> Iterator[None]:
    home.write(FOOTFALL_DEMO="false")
    yield
    assert_ledger_adds_up(landing_warehouse)


def code(ingestion: RunningIngestion, event: object, **headers: str) -> str:
    """Send an event, and return what became of it: its reason's code where it was not stored."""
    (verdict,) = ingestion.verdicts([event], **headers)
    if verdict["status"] == "suppressed":
        assert verdict["event_id"] is None
    return str(verdict["reason"]["code"] if verdict["reason"] else verdict["status"])


@pytest.mark.parametrize(
    ("mode", "verdicts"),
    [
        ("off", ["stored", "stored", "stored", "stored"]),
        ("opt_out", ["stored", "stored", "stored", "consent_denied"]),
        ("opt_in", ["stored", "no_consent", "no_consent", "consent_denied"]),
    ],
)
def test_each_consent_mode_asks_personal_events_for_what_it_says(
    following: RunningIngestion, home: Home, mode: str, verdicts: list[str]
) -> None:
    home.write(FOOTFALL_CONSENT=mode)
    said: list[Event] = [
        {"consent": "granted"},
        {},
        {"consent": None},
        {"consent": "denied"},
    ]
    assert [code(following, page_view(**consent)) for consent in said] == verdicts


def test_events_that_tell_of_nobody_need_no_consent(
    following: RunningIngestion, home: Home
) -> None:
    home.write(FOOTFALL_CONSENT="opt_in", FOOTFALL_TRACK_ANONYMOUS="false")
    assert code(following, METRIC, dnt="1") == "stored"
    assert code(following, {**METRIC, "consent": "denied"}) == "stored"


def test_event_types_outside_the_catalogue_count_as_personal(
    following: RunningIngestion, home: Home
) -> None:
    assert code(following, UNKNOWN) == "unknown_event_type"
    home.write(FOOTFALL_CONSENT="opt_in")
    assert code(following, UNKNOWN) == "no_consent"
    assert code(following, {**UNKNOWN, "consent": "granted"}) == "unknown_event_type"


@pytest.mark.parametrize("value", ["yes", "Granted", ""])
def test_a_consent_that_is_neither_is_quarantined_unless_consent_must_be_granted(
    following: RunningIngestion, home: Home, value: str
) -> None:
    (verdict,) = following.verdicts(page_view(consent=value))
    assert verdict["status"] == "quarantined"
    assert (verdict["reason"]["code"], verdict["reason"]["field"]) == (
        "unexpected_value",
        "consent",
    )
    assert "granted, denied" in verdict["reason"]["message"]
    home.write(FOOTFALL_CONSENT="opt_in")
    assert code(following, page_view(consent=value)) == "no_consent"


@pytest.mark.parametrize("signal", [{"dnt": "1"}, {"sec_gpc": "1"}])
def test_a_browser_that_asks_not_to_be_tracked_is_obeyed_unless_consent_was_granted(
    following: RunningIngestion, home: Home, signal: dict[str, str]
) -> None:
    assert code(following, page_view(), **signal) == "do_not_track"
    assert code(following, page_view(consent="granted"), **signal) == "stored"
    assert code(following, METRIC, **signal) == "stored"
    home.write(FOOTFALL_PRIVACY_SIGNALS="ignore")
    assert code(following, page_view(), **signal) == "stored"


@pytest.mark.parametrize("signal", [{"dnt": "0"}, {"sec_gpc": "0"}, {"dnt": "unspecified"}])
def test_a_browser_that_asks_for_nothing_is_tracked(
    following: RunningIngestion, signal: dict[str, str]
) -> None:
    assert code(following, page_view(), **signal) == "stored"


def test_visitors_without_a_user_id_are_not_tracked_where_the_setting_says_so(
    following: RunningIngestion, home: Home
) -> None:
    anonymous = page_view(user_id=None, anonymous_id="a1", session_id="s1")
    assert code(following, anonymous) == "stored"
    home.write(FOOTFALL_TRACK_ANONYMOUS="false")
    assert code(following, page_view(user_id=None, anonymous_id="a1")) == "anonymous_not_tracked"
    assert code(following, page_view(user_id="", session_id="s1")) == "anonymous_not_tracked"
    assert code(following, page_view(anonymous_id="a1")) == "stored"
    assert code(following, page_view(user_id=17)) == "stored"
    home.write(FOOTFALL_TRACK_ANONYMOUS="true")
    assert code(following, page_view(user_id=None, anonymous_id="a1")) == "stored"


@pytest.mark.parametrize(
    "context",
    [
        {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"device": "bot"},
    ],
)
def test_bots_are_kept_or_suppressed(
    following: RunningIngestion, home: Home, context: dict[str, str]
) -> None:
    assert code(following, page_view(context=context)) == "stored"
    home.write(FOOTFALL_BOTS="suppress")
    assert code(following, page_view(context=context)) == "bot"
    assert code(following, page_view(context={"device": "mobile"})) == "stored"
    assert code(following, {**METRIC, "context": context}) == "stored"


def test_a_bot_that_sends_by_itself_is_known_by_its_own_user_agent(
    following: RunningIngestion, home: Home
) -> None:
    home.write(FOOTFALL_BOTS="suppress")
    bot = {"user_agent": "Googlebot/2.1", **FROM_A_PAGE}
    assert code(following, page_view(), **bot) == "bot"
    assert code(following, page_view(), user_agent="Googlebot/2.1") == "stored"  # a server's own


WRONG: dict[str, Event] = {
    "not as the catalogue says": {"context": {"country": 49}},
    "undecodable": {"wrong": 1},
    "too large": {"properties": {"x": "y" * 70_000}},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize(
    "objection",
    [
        ("no_consent", {"FOOTFALL_CONSENT": "opt_in"}, {}, {}),
        ("consent_denied", {"FOOTFALL_CONSENT": "opt_out"}, {"consent": "denied"}, {}),
        ("do_not_track", {"FOOTFALL_CONSENT": "off"}, {}, {"sec_gpc": "1"}),
        ("anonymous_not_tracked", {"FOOTFALL_TRACK_ANONYMOUS": "false"}, {"user_id": None}, {}),
    ],
    ids=lambda objection: str(objection[0]),
)
def test_what_may_not_be_kept_is_not_kept_in_quarantine_either(
    following: RunningIngestion,
    landing_warehouse: Warehouse,
    home: Home,
    wrong: Event,
    objection: tuple[str, dict[str, str], Event, dict[str, str]],
) -> None:
    reason, setting, change, headers = objection
    before = query(landing_warehouse, "select count(*) from raw.quarantine")
    home.write(**setting)
    assert code(following, page_view(**wrong, **change), **headers) == reason
    assert query(landing_warehouse, "select count(*) from raw.quarantine") == before


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"5",
        b'{"user_id": "u1", "value": NaN}',
        b'{"consent": "denied", "user_id": "\xff"}',
        b'{"x": ' + b"[" * 9000 + b"]" * 9000 + b', "consent" : "denied"}',
    ],
    ids=["no JSON", "no object", "no number", "no UTF-8", "too deep"],
)
def test_of_an_event_that_cannot_be_read_no_consent_is_known(
    following: RunningIngestion, home: Home, text: bytes
) -> None:
    body = json.dumps(page_view(consent="granted")).encode() + b"\n" + text
    home.write(FOOTFALL_CONSENT="opt_in")
    verdicts = following.verdicts(body, content_type="application/x-ndjson")
    assert [verdict["status"] for verdict in verdicts] == ["stored", "suppressed"]
    home.write(FOOTFALL_CONSENT="off")
    assert following.statuses(body, content_type="application/x-ndjson")[1] == "quarantined"


@pytest.mark.parametrize(
    "text",
    [
        b'{"consent": "denied", "value": NaN}',
        b'{"x": ' + b"[" * 9000 + b"]" * 9000 + b', "consent" : "denied"}',
    ],
    ids=["no number", "too deep"],
)
def test_a_denial_is_understood_in_an_event_that_cannot_be_stored(
    following: RunningIngestion, home: Home, text: bytes
) -> None:
    home.write(FOOTFALL_CONSENT="opt_out")
    (verdict,) = following.verdicts(text, content_type="application/x-ndjson")
    assert verdict["reason"]["code"] == "consent_denied"


def test_suppressed_events_are_counted_by_reason_and_nothing_of_them_is_kept(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_CONSENT="opt_in")
    batch = [
        page_view(user_id="gone-1"),
        page_view(user_id="gone-2", consent="denied"),
        page_view(user_id="gone-3"),
        page_view(user_id="stays", consent="granted"),
    ]
    assert following.statuses(batch) == ["suppressed", "suppressed", "suppressed", "stored"]
    (load,) = query(
        landing_warehouse,
        "select load_id, received, stored, suppressed from raw.loads order by load_id desc limit 1",
    )
    assert (load["received"], load["stored"], load["suppressed"]) == (4, 1, 3)
    counted = query(
        landing_warehouse,
        "select source, reason, events from raw.suppressions where load_id = %s order by reason",
        load["load_id"],
    )
    assert counted == [
        {"source": "test", "reason": "consent_denied", "events": 1},
        {"source": "test", "reason": "no_consent", "events": 2},
    ]
    for table in ("raw.events", "raw.quarantine"):
        rows = query(
            landing_warehouse, f"select * from {table} as t where t::text like '%%gone-%%'"
        )
        assert rows == []
