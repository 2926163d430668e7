"""Whatever is sent: verdicts or a documented refusal, and a ledger that adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.plan import CANONICAL_FIELDS, CONTEXT_FIELDS, read_plan
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, query
from tests.servers import RunningIngestion

DOCUMENTED = {400, 401, 413, 415}
anything = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# json.dumps writes lone surrogates as escapes, and NaN, as many senders do
text = st.text(max_size=12) | st.sampled_from(["\x00", "\ud800", "\udc00x", "é", "\\u0000", '"'])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**19), 1e308, 5e-324, 0.1])
scalars = st.none() | st.booleans() | numbers | text
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
names = [(category, name) for category, spec in read_plan().items() for name in spec.event_types]
property_names = st.sampled_from(["price", "status_code", "product_name", "is_traveler", "mine"])


@st.composite
def events(draw: st.DrawFn) -> dict[str, object]:
    """Draw something that is nearly an event."""
    category, name = draw(st.sampled_from(names))
    fields: dict[str, object] = {"category": category, "event_type": name}
    if draw(st.booleans()):
        fields["event_id"] = draw(scalars)
    fields |= draw(st.dictionaries(st.sampled_from([*CANONICAL_FIELDS]), scalars, max_size=4))
    for group, keys in (("context", st.sampled_from(CONTEXT_FIELDS)), ("properties", text)):
        if draw(st.booleans()):
            fields[group] = draw(st.dictionaries(keys | property_names, values, max_size=4))
    if draw(st.integers(0, 9)) == 0:
        fields[draw(text)] = draw(values)
    return fields


@pytest.fixture(scope="module")
def client(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A connection, and the statuses of all verdicts that came over it."""
    statuses: list[str] = []
    with httpx.Client(base_url=ingestion.url, headers=ingestion.headers, trust_env=False) as opened:
        yield opened, statuses
    sums = assert_ledger_adds_up(landing_warehouse)
    assert sums["received"] == len(statuses)
    for status in ("stored", "duplicate", "quarantined"):
        assert sums[status] == statuses.count(status)
    codes = query(landing_warehouse, "select distinct reason from raw.quarantine")
    assert "not_storable" not in [row["reason"] for row in codes]  # each was foreseen


@anything
@given(batch=st.lists(events() | values, max_size=6))
def test_every_element_of_any_json_array_gets_a_verdict(
    client: tuple[httpx.Client, list[str]], batch: list[object]
) -> None:
    connection, statuses = client
    answer = connection.post("/v1/events", content=json.dumps(batch).encode())
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) == len(batch)
    assert all((result["reason"] is None) == (result["status"] == "stored") for result in results)
    statuses += [result["status"] for result in results]


@anything
@given(
    lines=st.lists(events() | values, min_size=1, max_size=4),
    garbage=st.binary(max_size=20),
    at=st.integers(0, 500),
)
def test_any_bytes_get_verdicts_or_a_documented_refusal(
    client: tuple[httpx.Client, list[str]], lines: list[object], garbage: bytes, at: int
) -> None:
    connection, statuses = client
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    answer = connection.post("/v1/events", content=body[:at] + garbage + body[at:])
    if answer.status_code == 200:
        statuses += [result["status"] for result in answer.json()["results"]]
    else:
        assert answer.status_code in DOCUMENTED
        assert answer.json()["error"].keys() == {"code", "message"}


@anything
@given(body=values)
def test_any_json_value_gets_verdicts_or_a_documented_refusal(
    client: tuple[httpx.Client, list[str]], body: object
) -> None:
    connection, statuses = client
    answer = connection.post("/v1/events", content=json.dumps(body).encode())
    if answer.status_code == 200:
        statuses += [result["status"] for result in answer.json()["results"]]
    else:
        assert answer.status_code in DOCUMENTED
