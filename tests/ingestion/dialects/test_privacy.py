"""What older systems are told where an event may not be kept, and what is kept of their senders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.dialects import DIALECTS
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, query
from tests.servers import RunningIngestion, running_ingestion

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
EXAMPLES = {
    endpoint.path: endpoint.operation.example
    for dialect in DIALECTS[1:]
    for endpoint in dialect.endpoints
    if "{" not in endpoint.path and not endpoint.path.endswith("/batch")
}
# Of these the events are about machines, and tell of nobody.
MACHINES = {"/api/metrics/", "/api/v1/tracking/performance"}


@pytest.fixture(scope="module")
def ingestion(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion that asks for consent, and keeps all of addresses and user agents."""
    with running_ingestion(
        landing_warehouse,
        FOOTFALL_CONSENT="opt_out",
        FOOTFALL_IP_ADDRESSES="full",
        FOOTFALL_USER_AGENTS="full",
    ) as running:
        yield running


def ids_of(content: dict[str, Any]) -> list[object]:
    """Return what an answer calls the event."""
    content = {**content, **content.get("data", {})}
    names = ("id", "event_id", "activity_id", "trackingId")
    return [content[name] for name in names if name in content]


@pytest.mark.parametrize("path", sorted(EXAMPLES.keys() - MACHINES))
def test_an_event_without_consent_is_a_success_that_says_that_it_was_not_kept(
    ingestion: RunningIngestion, path: str
) -> None:
    answer = ingestion.call("POST", path, {**EXAMPLES[path], "consent": "denied"})
    assert answer.is_success
    content = answer.json()
    assert ids_of(content) == [None]
    assert "not " in content.get("message", content.get("detail")).lower()


@pytest.mark.parametrize("path", sorted(MACHINES))
def test_an_event_that_tells_of_nobody_needs_no_consent(
    ingestion: RunningIngestion, path: str
) -> None:
    answer = ingestion.call("POST", path, {**EXAMPLES[path], "consent": "denied"})
    assert None not in ids_of(answer.json())


def test_an_event_of_a_batch_without_consent_is_told_apart(ingestion: RunningIngestion) -> None:
    example = EXAMPLES["/api/v1/tracking/activity"]
    body = {"events": [{**example, "consent": "denied"}, example]}
    content = ingestion.call("POST", "/api/v1/tracking/batch", body).json()
    assert (content["success"], content["message"]) == (True, "1 of 2 events tracked")
    suppressed, stored = content["data"]["results"]
    assert (suppressed["status"], suppressed["trackingId"]) == ("suppressed", None)
    assert suppressed["error"] == "consent_denied"
    assert (stored["status"], stored["error"]) == ("stored", None)


@pytest.mark.parametrize("path", ["/api/activity/track/", "/api/v1/tracking/activity"])
def test_address_and_user_agent_of_a_device_are_those_of_its_request(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, path: str
) -> None:
    body = {**EXAMPLES[path], "session_key": path, "sessionId": path}
    assert ingestion.call("POST", path, body, {"user-agent": AGENT}).is_success
    (row,) = query(landing_warehouse, "select context from raw.events where session_id = %s", path)
    assert row["context"]["ip"] == "127.0.0.1"
    assert row["context"]["user_agent"] == AGENT
    assert row["context"]["browser"] == "Firefox"


def test_address_and_user_agent_that_a_service_names_are_those_of_the_visitor(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    path = "/api/v1/core/collect/"
    assert ingestion.call("POST", path, {**EXAMPLES[path], "session_id": path}).is_success
    (row,) = query(landing_warehouse, "select context from raw.events where session_id = %s", path)
    assert row["context"]["ip"] == "192.168.1.1"
    assert row["context"]["user_agent"] == "Mozilla/5.0..."


def test_a_service_is_not_taken_for_its_visitors(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    path = "/api/community-analytics/track/"
    body = {**EXAMPLES[path], "session_id": path}
    assert ingestion.call("POST", path, body, {"user-agent": AGENT}).is_success
    (row,) = query(landing_warehouse, "select context from raw.events where session_id = %s", path)
    assert row["context"] == {}


def test_the_ledger_adds_up(landing_warehouse: Warehouse) -> None:
    assert assert_ledger_adds_up(landing_warehouse)["suppressed"] > 0
