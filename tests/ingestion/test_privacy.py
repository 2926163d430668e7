"""What is left of addresses and user agents, and what is derived before they go."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import (
    Row,
    assert_ledger_adds_up,
    away,
    page_view,
    quarantined,
    query,
    stored,
    wait_until_drained,
)
from tests.servers import FROM_A_PAGE, RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

Json = dict[str, Any]

ADDRESS = "203.0.113.7"
AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
DERIVED = {"device": "mobile", "browser": "Mobile Safari", "os": "iOS"}
PAGE = {"user_agent": AGENT, **FROM_A_PAGE}


@pytest.fixture(autouse=True)
def _defaults(home: Home, landing_warehouse: Warehouse) -> Iterator[None]:
    home.write(FOOTFALL_DEMO="false")
    yield
    assert_ledger_adds_up(landing_warehouse)


def land(
    ingestion: RunningIngestion, warehouse: Warehouse, headers: dict[str, str], **fields: object
) -> Row:
    """Send an event, and return its row."""
    event = page_view(**fields)
    assert ingestion.verdicts([event], **headers)[0]["reason"] is None
    return stored(warehouse, event["event_id"])


def context_of(
    ingestion: RunningIngestion,
    warehouse: Warehouse,
    context: object = None,
    headers: dict[str, str] | None = None,
) -> Json:
    """Send an event with a context, and return the context that is stored."""
    found: Json = land(ingestion, warehouse, headers or {}, context=context or {})["context"]
    return found


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("off", None),
        ("truncated", "203.0.113.0/24"),
        ("hashed", re.compile("[0-9a-f]{32}")),
        ("full", ADDRESS),
    ],
)
def test_each_setting_keeps_of_an_address_what_it_says(
    following: RunningIngestion,
    landing_warehouse: Warehouse,
    home: Home,
    mode: str,
    kept: str | re.Pattern[str] | None,
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES=mode)
    row = land(
        following,
        landing_warehouse,
        {},
        context={"ip": ADDRESS},
        properties={"ipAddress": ADDRESS, "deep": [{"client_ip": ADDRESS}], "zip": "10115"},
    )
    properties = row["properties"]
    found = (
        row["context"].get("ip"),
        properties.get("ipAddress"),
        properties["deep"][0].get("client_ip"),
    )
    assert len(set(found)) == 1
    if isinstance(kept, re.Pattern):
        assert kept.fullmatch(found[0])
    else:
        assert found[0] == kept
    assert properties["zip"] == "10115"


def test_by_default_no_address_is_kept(
    following: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    assert context_of(following, landing_warehouse, {"ip": ADDRESS}) == {}


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("off", {}),
        ("reduced", DERIVED),
        ("full", {**DERIVED, "user_agent": AGENT}),
    ],
)
def test_each_setting_keeps_of_a_user_agent_what_it_says(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home, mode: str, kept: Json
) -> None:
    home.write(FOOTFALL_USER_AGENTS=mode)
    row = land(
        following,
        landing_warehouse,
        {},
        context={"user_agent": AGENT},
        properties={"userAgent": AGENT},
    )
    assert row["context"] == kept
    assert row["properties"] == ({"userAgent": AGENT} if mode == "full" else {})


def test_what_the_sender_says_wins_over_what_is_derived(
    following: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    said = {"device": "tablet", "browser": "Kiosk", "country": "France"}
    context = context_of(
        following, landing_warehouse, {**said, "os": "", "user_agent": AGENT, "ip": "8.8.8.8"}
    )
    # a place is taken as a whole: no city of Google's in France
    assert context == {**said, "os": "iOS"}


def test_a_page_says_by_its_request_where_it_is_and_what_it_runs_on(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES="full", FOOTFALL_USER_AGENTS="full")
    context = context_of(following, landing_warehouse, {"page_path": "/"}, PAGE)
    assert context == {"page_path": "/", "ip": "127.0.0.1", "user_agent": AGENT, **DERIVED}


def test_a_page_may_have_no_context_at_all(
    following: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(context=None)
    assert following.statuses(event, **PAGE) == ["stored"]
    assert stored(landing_warehouse, event["event_id"])["context"] == DERIVED


def test_the_address_of_an_event_goes_before_that_of_its_request(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES="full")
    assert context_of(following, landing_warehouse, {"ip": ADDRESS}, PAGE)["ip"] == ADDRESS


def test_a_servers_own_address_and_user_agent_are_nobodys(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES="full", FOOTFALL_USER_AGENTS="full")
    assert context_of(following, landing_warehouse, {"page_path": "/"}, {"user_agent": AGENT}) == {
        "page_path": "/"
    }


def test_behind_a_proxy_that_is_named_the_address_is_the_clients(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    forwarded = {**PAGE, "x_forwarded_for": ADDRESS}
    home.write(FOOTFALL_IP_ADDRESSES="full")
    assert context_of(following, landing_warehouse, {}, forwarded)["ip"] == "127.0.0.1"
    home.write(FOOTFALL_IP_ADDRESSES="full", FOOTFALL_TRUSTED_PROXIES="127.0.0.1")
    assert context_of(following, landing_warehouse, {}, forwarded)["ip"] == ADDRESS


def test_each_event_of_a_batch_is_of_its_own_visitor(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES="full")
    batch = [page_view(context={"ip": f"203.0.113.{n}"}) for n in (1, 2)] + [page_view()]
    following.verdicts(batch)
    rows = [stored(landing_warehouse, event["event_id"]) for event in batch]
    assert [row["context"].get("ip") for row in rows] == ["203.0.113.1", "203.0.113.2", None]


def test_numbers_keep_their_digits_when_their_neighbours_go(
    following: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    numbers = '"a": 0.10000000000000000000001, "b": 12345678901234567890123, "c": 1.50'
    properties = f'{{"ip": "{ADDRESS}", {numbers}}}'
    event = json.dumps(page_view()).encode()[:-1] + f', "properties": {properties}}}'.encode()
    (verdict,) = following.verdicts(event)
    (row,) = query(
        landing_warehouse,
        "select properties::text as text from raw.events where event_id = %s",
        verdict["event_id"],
    )
    assert row["text"] == f"{{{numbers}}}"


def test_a_context_that_is_no_object_is_quarantined_without_its_addresses(
    following: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(context=[{"ip": ADDRESS}])
    (verdict,) = following.verdicts([event], **PAGE)
    assert verdict["reason"]["field"] == "context"
    assert ADDRESS not in str(quarantined(landing_warehouse, event["event_id"]))


def test_what_is_quarantined_stays_as_it_was_but_for_what_may_not_be_kept(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    event = page_view(
        currency="euro",
        context={"ip": ADDRESS, "user_agent": AGENT, "country": "France"},
        properties={"price": 1.5, "remoteAddr": ADDRESS},
    )
    following.verdicts(event)
    row = quarantined(landing_warehouse, event["event_id"])
    kept = {**event, "context": {"country": "France"}, "properties": {"price": 1.5}}
    assert json.loads(row["payload"]) == kept
    canonical = json.loads(row["event"])
    assert canonical["context"] == {"country": "France", **DERIVED}
    assert canonical["properties"] == {"price": 1.5}
    home.write(FOOTFALL_IP_ADDRESSES="full", FOOTFALL_USER_AGENTS="full")
    again = {**event, "event_id": page_view()["event_id"]}
    following.verdicts(again)
    assert json.loads(quarantined(landing_warehouse, again["event_id"])["payload"]) == again


@pytest.mark.parametrize(
    "line",
    [
        f'{{"ip": "{ADDRESS}", "user_agent": "curl/8.1 x", broken',
        f'{{"\\u0069p": "{ADDRESS}", "\\u0075ser_agent": "curl/8.1 x", broken',
        '{"ip": "203.0.113\\u002e7", "user-agent": "curl/8.1 x", broken',
        f"GET / from {ADDRESS}, user agent: curl/8.1 x",
        f'"{ADDRESS} with user_agent=curl/8.1 x"',
    ],
)
def test_of_what_is_no_json_all_that_looks_like_it_goes(
    following: RunningIngestion, landing_warehouse: Warehouse, line: str
) -> None:
    body = json.dumps(page_view()).encode() + b"\n" + line.encode()
    assert following.statuses(body, content_type="application/x-ndjson")[1] == "quarantined"
    (row,) = query(
        landing_warehouse,
        "select payload from raw.quarantine order by quarantine_id desc limit 1",
    )
    assert ADDRESS not in row["payload"]
    assert "u002e7" not in row["payload"]
    assert "curl" not in row["payload"]


NAMES = ("ip", "ip_address", "ipAddress", "remote_addr", "clientIp", "X-Forwarded-For", "IPv4")
one_address = st.integers(1, 254).map("203.0.113.{}".format) | st.integers(1, 9999).map(
    "2001:db8:5::{}".format
)


@st.composite
def tales(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw an address, and an event that tells it under one of the usual names somewhere."""
    address = draw(one_address)
    values = [address, f"{address}, 10.0.0.1", [address], {"was": address}, f" {address} "]
    told: Json = {
        draw(st.sampled_from(NAMES)): draw(st.sampled_from(values)),
        **draw(st.dictionaries(st.text(max_size=3), st.none() | st.floats() | st.text(max_size=3))),
    }
    for _ in range(draw(st.integers(0, 3))):
        told = draw(st.sampled_from([{"in": told}, {"all": [1, told]}]))
    spoilt: Json = draw(
        st.sampled_from([{}, {}, {"currency": "euro"}, {"wrong": 1}, {"value": float("nan")}])
    )
    at = draw(st.sampled_from(["context", "properties", "unknown", "consent", "top"]))
    event = page_view(**spoilt, **(told if at == "top" else {at: told}))
    text = json.dumps(event, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = text.replace('"ip', '"\\u0069p').replace("ddr", "d\\u0064r")
    raw = text.encode("utf-8", "surrogatepass")
    return address, raw[: draw(st.sampled_from([len(raw), len(raw), len(raw) - 1]))]


@pytest.mark.parametrize("mode", ["off", "truncated", "hashed"])
def test_wherever_an_address_stands_its_text_reaches_no_row(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home, mode: str
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES=mode)
    with connect(landing_warehouse.dsn(Role.OWNER), autocommit=True) as connection:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(batch=st.lists(tales(), min_size=1, max_size=8))
        def send(batch: list[tuple[str, bytes]]) -> None:
            body = b"\n".join(raw.replace(b"\n", b" ") for _, raw in batch)
            statuses = following.statuses(body, content_type="application/x-ndjson")
            assert set(statuses) <= {"stored", "quarantined"}
            rows = connection.execute(
                "with last as (select max(load_id) as load_id from raw.loads)"
                " select e::text from raw.events e join last using (load_id)"
                " union all select q::text from raw.quarantine q join last using (load_id)"
            ).fetchall()
            assert len(rows) == len(batch)
            landed = "\n".join(row[0] for row in rows)
            assert [address for address, _ in batch if address in landed] == []

        send()


def test_the_same_test_finds_the_address_where_it_is_kept(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    home.write(FOOTFALL_IP_ADDRESSES="full")
    row = land(following, landing_warehouse, {}, properties={"ip": ADDRESS})
    assert ADDRESS in str(row)


def test_nothing_waits_on_disk_that_may_not_be_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    personal = {"ip": ADDRESS, "user_agent": AGENT}
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        ingestion.verdicts([])
        with away(warehouse):
            good = page_view(context=personal, properties=personal)
            sent = [good, page_view(context=personal, currency="euro"), {"ip": ADDRESS}]
            statuses = ingestion.statuses(sent, **PAGE, sec_gpc="0")
            assert statuses == ["stored", "quarantined", "quarantined"]
            spooled = b"".join(path.read_bytes() for path in tmp_path.glob("*.segment"))
        wait_until_drained(ingestion)
    assert str(good["event_id"]).encode() in spooled
    assert ADDRESS.encode() not in spooled
    assert b"iPhone" not in spooled


def test_no_address_and_no_user_agent_is_logged(
    warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_ingestion(warehouse, FOOTFALL_LOG_LEVEL="debug") as ingestion:
        personal = {"ip": ADDRESS, "user_agent": AGENT}
        ingestion.verdicts(page_view(context=personal, properties=personal), **PAGE)
        ingestion.verdicts(page_view(context=personal, currency="euro"))
        ingestion.send(f"{ADDRESS} {AGENT}".encode(), x_forwarded_for=ADDRESS, **PAGE)
    logged = capfd.readouterr().err
    assert "not_json" in logged
    assert ADDRESS not in logged
    assert "127.0.0.1" not in logged
    assert "iPhone" not in logged
