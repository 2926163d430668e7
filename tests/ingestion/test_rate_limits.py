"""Rate limits over HTTP: 429 with what a sender needs to know, and nothing taken."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ingestion.keys import ensure_key
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import assert_ledger_adds_up, page_view
from tests.issuer import SECRET, shared_token
from tests.servers import KEY_OF_PAGES, PAGE, RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role


@pytest.fixture(scope="module")
def limited(postgres: EmbeddedPostgres) -> Iterator[tuple[RunningIngestion, Warehouse]]:
    """Ingestion with limits that a test reaches at once, behind a proxy that it believes."""
    warehouse = new_warehouse(postgres)
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        for number in range(3):
            ensure_key(connection, name=f"s{number}", source="s", key=f"fw_{number}")
    with running_ingestion(
        warehouse,
        FOOTFALL_ANONYMOUS_SOURCE="web",
        FOOTFALL_JWT_SECRET=SECRET,
        FOOTFALL_RATE_LIMIT_KEY_EVENTS="10",
        FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS="3",
        FOOTFALL_TRUSTED_PROXIES="127.0.0.1",
    ) as running:
        yield running, warehouse


def send_from(running: RunningIngestion, client: str, **headers: str) -> httpx.Response:
    """Send an event from an address, by way of a proxy.

    Args:
        running: Where to.
        client: The address.
        headers: Of the request, with ``_`` for ``-``.
    """
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return running.client.post(
        f"{running.url}/api/v1/tracking/heatmap",
        headers={**given, "x-forwarded-for": client},
        json={"pageUrl": "/", "elementSelector": "a", "xPosition": 1, "yPosition": 1},
    )


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
    assert (never.status_code, never.json()["error"]["code"]) == (413, "batch_too_large")
    assert "FOOTFALL_RATE_LIMIT_KEY_EVENTS allows 10 events" in never.json()["error"]["message"]
    assert assert_ledger_adds_up(warehouse)["received"] == 10


def test_whoever_tries_keys_is_stopped_and_others_are_not(
    limited: tuple[RunningIngestion, Warehouse],
) -> None:
    ingestion, _ = limited
    statuses = [guess(ingestion, "198.51.100.7").status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert guess(ingestion, "198.51.100.8").status_code == 401


@pytest.mark.parametrize(
    ("network", "headers"),
    [
        ("198.51.100.1", {}),
        ("198.51.100.2", {"x_write_key": KEY_OF_PAGES, "origin": PAGE}),
        ("198.51.100.3", {"authorization": f"Bearer {KEY_OF_PAGES}"}),
        ("198.51.100.4", {"authorization": f"Bearer {shared_token()}"}),
    ],
    ids=["without a key", "key for pages", "key for pages, by a server", "token of a person"],
)
def test_whoever_has_no_secret_may_send_so_many_requests_a_minute_from_one_address(
    limited: tuple[RunningIngestion, Warehouse], network: str, headers: dict[str, str]
) -> None:
    ingestion, _ = limited
    answers = [send_from(ingestion, network, **headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {"3;w=60"}
    assert answers[-1].json()["error"] == "rate_limited"
    assert int(answers[-1].headers["retry-after"]) in (19, 20)
    # others, and whoever has a secret, are not concerned
    assert send_from(ingestion, f"{network}7").status_code == 200
    for number in range(3):
        answer = send_from(ingestion, network, authorization=f"Bearer fw_{number}")
        assert answer.status_code == 200


def test_one_site_is_one_client_whatever_its_addresses_are(
    limited: tuple[RunningIngestion, Warehouse],
) -> None:
    ingestion, _ = limited
    statuses = [send_from(ingestion, f"2001:db8::{n}").status_code for n in range(1, 5)]
    assert statuses == [200, 200, 200, 429]


def test_another_limit_is_in_force_at_the_next_request(
    following: RunningIngestion, home: Home
) -> None:
    home.write(FOOTFALL_RATE_LIMIT_KEY_EVENTS=2)
    answers = [following.send(page_view()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    home.write(FOOTFALL_RATE_LIMIT_KEY_EVENTS=0)
    answer = following.send(page_view())
    assert answer.status_code == 200
    assert "ratelimit-limit" not in answer.headers
