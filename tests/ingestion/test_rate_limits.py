"""Rate limits over HTTP: 429 with what a sender needs to know, and nothing taken."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view
from tests.servers import RunningIngestion, running_ingestion


@pytest.fixture(scope="module")
def limited(postgres: EmbeddedPostgres) -> Iterator[tuple[RunningIngestion, Warehouse]]:
    """Ingestion with limits that a test reaches at once, behind a proxy that it believes."""
    warehouse = new_warehouse(postgres)
    with running_ingestion(
        warehouse,
        FOOTFALL_RATE_LIMIT_KEY_EVENTS="10",
        FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS="3",
        FOOTFALL_TRUSTED_PROXIES="127.0.0.1",
    ) as running:
        yield running, warehouse


def guess(running: RunningIngestion, client: str) -> httpx.Response:
    """Send with a key that is none, by way of a proxy."""
    headers = {"authorization": "Bearer fw_guess", "x-forwarded-for": client}
    return running.client.post(f"{running.url}/v1/events", headers=headers, content=b"[]")


def test_a_key_may_send_so_many_events_a_minute_and_is_told_what_is_left(
    limited: tuple[RunningIngestion, Warehouse],
) -> None:
    ingestion, warehouse = limited
    answer = ingestion.send([page_view() for _ in range(8)])
    assert answer.status_code == 200
    assert answer.headers["ratelimit-limit"] == "10"
    assert answer.headers["ratelimit-remaining"] == "2"
    refused = ingestion.send([page_view() for _ in range(3)])
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 6
    assert ingestion.statuses([page_view() for _ in range(2)]) == ["stored"] * 2
    never = ingestion.send([page_view() for _ in range(11)])
    assert never.status_code == 429
    assert "send smaller batches" in never.json()["error"]["message"]
    assert assert_ledger_adds_up(warehouse)["received"] == 10


def test_whoever_tries_keys_is_stopped_and_others_are_not(
    limited: tuple[RunningIngestion, Warehouse],
) -> None:
    ingestion, _ = limited
    statuses = [guess(ingestion, "198.51.100.7").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert guess(ingestion, "198.51.100.8").status_code == 401
