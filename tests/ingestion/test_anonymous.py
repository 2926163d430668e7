"""Senders without a key: only where a setting lets them, and only to older systems' endpoints."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import query
from tests.servers import RunningIngestion, running_ingestion

AN_ACTIVITY = {"product_id": "b-1", "action": "view"}


@pytest.fixture(scope="module")
def trusting(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion that takes senders without a key."""
    with running_ingestion(landing_warehouse, FOOTFALL_ANONYMOUS_SOURCE="web") as running:
        yield running


def send(ingestion: RunningIngestion, path: str, **headers: str) -> httpx.Response:
    """POST an activity with no other headers than those given, with ``_`` for ``-``."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ingestion.client.post(ingestion.url + path, headers=given, json=AN_ACTIVITY)


def test_a_sender_without_a_key_is_the_source_of_the_setting(
    trusting: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    assert send(trusting, "/api/activity/track/").status_code == 201
    rows = query(landing_warehouse, "select source, user_id from raw.events")
    assert rows == [{"source": "web", "user_id": None}]


@pytest.mark.parametrize("path", ["/v1/events", "/api/v1/core/collect/"])
def test_where_a_key_was_always_asked_for_it_still_is(
    trusting: RunningIngestion, path: str
) -> None:
    assert send(trusting, path).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer fw_unknown"},
        {"authorization": "Bearer eyJ.eyJ.eyJ"},
        {"authorization": "Bearer"},
        {"authorization": ""},
        {"authorization": "Basic dTpw"},
        {"x_write_key": "fw_unknown"},
        {"x_write_key": ""},
    ],
)
def test_a_credential_that_is_sent_and_wrong_is_refused_all_the_same(
    trusting: RunningIngestion, headers: dict[str, str]
) -> None:
    assert send(trusting, "/api/activity/track/", **headers).status_code == 401
    assert send(trusting, "/api/activity/track/?key=fw_unknown").status_code == 401


def test_what_is_for_administrators_asks_who_it_is(trusting: RunningIngestion) -> None:
    answer = trusting.client.delete(f"{trusting.url}/api/errors/17/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="footfall"'


def test_without_the_setting_nobody_sends_without_a_key(
    following: RunningIngestion, home: Home
) -> None:
    assert send(following, "/api/activity/track/").status_code == 401
    home.write(FOOTFALL_ANONYMOUS_SOURCE="web")
    assert send(following, "/api/activity/track/").status_code == 201
    home.write(FOOTFALL_ANONYMOUS_SOURCE="")
    assert send(following, "/api/activity/track/").status_code == 401
