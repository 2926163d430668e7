"""Group commit: bounds, faults that no check foresees, and the role that it runs as."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ingestion.erasures import Erasures
from ingestion.event import Event, new_id
from ingestion.items import Rejected
from ingestion.landing import Landing
from ingestion.verdict import Verdict
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, away, page_view, quarantined, query
from tests.servers import running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role


def event(properties: str = "{}") -> Event:
    """Return an event as the checks let it through."""
    who = (None,) * 7
    return Event(
        new_id(), "v", "test", "user", "page_view", *who, None, None, False, "{}", properties
    )


def land(warehouse: Warehouse, requests: Sequence[Sequence[Event | Rejected]]) -> list[list[str]]:
    """Submit requests at once, as the ingest role, and return the statuses of each."""

    async def run() -> list[Sequence[Verdict]]:
        landing = Landing(
            warehouse.dsn(Role.INGEST),
            max_queued_events=1000,
            max_queued_bytes=1000,
            erasures=Erasures(b"only-for-tests"),
        )
        submitted = [asyncio.ensure_future(landing.submit(items, 1)) for items in requests]
        await asyncio.sleep(0)
        landing.start()
        verdicts = await asyncio.gather(*submitted)
        await landing.drain()
        return verdicts

    return [[verdict.status for verdict in verdicts] for verdicts in asyncio.run(run())]


def test_requests_that_wait_together_land_in_one_transaction(warehouse: Warehouse) -> None:
    statuses = land(warehouse, [[event()], [event(), event()], []])
    assert statuses == [["stored"], ["stored", "stored"], []]
    assert query(warehouse, "select received from raw.loads") == [{"received": 3}]


@pytest.mark.parametrize("text", ["{", '{"a": "\\u0000"}', '{"a": 1e999999}', "\x00"])
def test_an_event_that_postgres_refuses_is_found_and_does_not_cost_its_neighbours(
    warehouse: Warehouse, text: str
) -> None:
    bad = event(text)
    statuses = land(warehouse, [[event()], [event(), bad, event()], [event()] * 2])
    assert statuses == [
        ["stored"],
        ["stored", "quarantined", "stored"],
        ["stored", "duplicate"],
    ]
    assert quarantined(warehouse, bad.event_id)["reason"] == "not_storable"
    assert_ledger_adds_up(warehouse)


def test_a_full_queue_sends_senders_away_until_later(warehouse: Warehouse) -> None:
    with (
        running_ingestion(warehouse, FOOTFALL_MAX_QUEUED_EVENTS="8") as ingestion,
        ThreadPoolExecutor(8) as pool,
    ):
        ingestion.verdicts(page_view())
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            connection.execute("lock table raw.event_ids")  # so that landings must wait
            batches = [[page_view() for _ in range(4)] for _ in range(6)]
            answers = []
            for batch in batches:
                answers.append(pool.submit(ingestion.send, batch))
                time.sleep(0.1)
        results = [answer.result() for answer in answers]
        # one is landing, and two wait
        assert [result.status_code for result in results] == [200, 200, 200, 503, 503, 503]
        assert results[-1].headers["retry-after"] == "1"
        assert results[-1].json()["error"]["code"] == "busy"
        assert ingestion.statuses(batches[-1]) == ["stored"] * 4
    assert assert_ledger_adds_up(warehouse)["received"] == 17


def test_without_a_spool_senders_are_sent_away_while_postgres_is_away(
    warehouse: Warehouse,
) -> None:
    with running_ingestion(warehouse, FOOTFALL_SPOOL_MAX_BYTES="0") as ingestion:
        ingestion.verdicts([])
        with away(warehouse):
            answer = ingestion.send(page_view())
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["error"]["code"] == "warehouse_unavailable"
            live = httpx.get(f"{ingestion.url}/health/live", trust_env=False)
            ready = httpx.get(f"{ingestion.url}/health/ready", trust_env=False)
            health = httpx.get(f"{ingestion.url}/health/", trust_env=False)
            assert [live.status_code, ready.status_code, health.status_code] == [200, 503, 503]
            assert health.json()["dependencies"]["postgres"]["status"] == "unhealthy"
        assert ingestion.statuses(page_view()) == ["stored"]
