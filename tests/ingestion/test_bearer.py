"""Bearer tokens over HTTP: who may send what with which, and who gets 401, 403 or 503."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.conftest import Warehouse, free_port
from tests.ingestion.homes import Home
from tests.ingestion.ledger import page_view, stored
from tests.issuer import SECRET, Issuer, running_issuer, shared_token, signed_token
from tests.servers import RunningIngestion, running_ingestion
from warehouse.settings import PROJECT_ROOT

ADMIN_TOKEN = "only-for-tests-and-long-enough"
AN_ERROR = "/api/errors/17/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def gated(landing_warehouse: Warehouse, issuer: Issuer) -> Iterator[RunningIngestion]:
    """Ingestion that takes both kinds of tokens."""
    with running_ingestion(
        landing_warehouse,
        FOOTFALL_JWT_SECRET=SECRET,
        FOOTFALL_JWT_JWKS=issuer.url,
        FOOTFALL_JWT_SOURCE="app",
        FOOTFALL_ADMIN_TOKEN=ADMIN_TOKEN,
    ) as running:
        yield running


def bearer(token: str) -> str:
    return f"Bearer {token}"


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and challenge of a refusal in Footfall's own words."""
    return (
        answer.status_code,
        answer.json()["error"]["code"],
        answer.headers.get("www-authenticate", ""),
    )


@pytest.mark.parametrize("make", [shared_token, signed_token], ids=["HS256", "RS256"])
def test_a_signed_in_user_sends_its_own_events(
    gated: RunningIngestion, landing_warehouse: Warehouse, make: Callable[..., str]
) -> None:
    event = page_view(user_id=None)
    assert gated.statuses(event, authorization=bearer(make(sub="u-17"))) == ["stored"]
    row = stored(landing_warehouse, event["event_id"])
    assert (row["user_id"], row["source"]) == ("u-17", "app")


@pytest.mark.parametrize("roles", [None, "reader"])
def test_a_signed_in_user_sends_no_event_of_somebody_else(
    gated: RunningIngestion, roles: str | None
) -> None:
    events = [page_view(user_id="u-17"), page_view(user_id="u-18")]
    token = shared_token(sub="u-17", roles=roles)
    mine, other = gated.verdicts(events, authorization=bearer(token))
    assert mine["status"] == "stored"
    assert (other["status"], other["reason"]["code"]) == ("quarantined", "not_yours")


def test_a_service_sends_the_events_of_others_and_none_becomes_its_own(
    gated: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    events = [page_view(user_id="u-18"), page_view(user_id=None, session_id="s-1")]
    token = signed_token(sub="order-service", roles=["ingest"])
    assert gated.statuses(events, authorization=bearer(token)) == ["stored", "stored"]
    rows = [stored(landing_warehouse, event["event_id"]) for event in events]
    assert [row["user_id"] for row in rows] == ["u-18", None]


def test_the_admin_token_sends_events(gated: RunningIngestion) -> None:
    assert gated.statuses(page_view(), authorization=bearer(ADMIN_TOKEN)) == ["stored"]


def test_a_write_key_works_beside_tokens(gated: RunningIngestion) -> None:
    assert gated.statuses(page_view()) == ["stored"]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (shared_token(exp=1), "the token has expired: get a new one"),
        (shared_token(SECRET[::-1]), "the signature of the token is wrong"),
        ("eyJ.eyJ.eyJ", "the token is no JSON Web Token, or is damaged"),
        (
            f"{ADMIN_TOKEN}x",
            "the write key or token is unknown or revoked: send a valid one",
        ),
        ("ä" * 40, "the write key or token is unknown or revoked: send a valid one"),
    ],
)
def test_a_credential_that_is_not_valid_is_401_with_the_reason(
    gated: RunningIngestion, token: str, why: str
) -> None:
    answer = gated.send(page_view(), authorization=bearer(token).encode())  # type: ignore[arg-type]
    challenge = f'Bearer realm="footfall", error="invalid_token", error_description="{why}"'
    assert refusal(answer) == (401, "unauthorized", challenge)
    assert answer.json()["error"]["message"] == why


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, (401, 'Bearer realm="footfall"')),
        (bearer("unknown"), (401, 'Bearer realm="footfall", error="invalid_token"')),
        (
            bearer(shared_token(roles="ingest reader")),
            (403, 'Bearer realm="footfall", error="insufficient_scope", scope="admin"'),
        ),
        (
            bearer("fw_key-of-tests"),
            (403, 'Bearer realm="footfall", error="insufficient_scope", scope="admin"'),
        ),
        (bearer(shared_token(roles=["admin"])), (404, "")),
        (bearer(ADMIN_TOKEN), (404, "")),
    ],
)
def test_what_is_for_administrators_is_403_for_others_and_401_for_nobody(
    gated: RunningIngestion, authorization: str | None, expected: tuple[int, str]
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = gated.client.delete(gated.url + AN_ERROR, headers=headers)
    assert (
        answer.status_code,
        answer.headers.get("www-authenticate", "").partition(", error_description")[0],
    ) == expected


def test_while_no_key_of_the_issuer_could_be_read_nobody_is_refused_for_good(
    warehouse: Warehouse,
) -> None:
    away = f"http://127.0.0.1:{free_port()}/keys.json"
    with running_ingestion(warehouse, FOOTFALL_JWT_JWKS=away) as ingestion:
        answer = ingestion.send(page_view(), authorization=bearer(signed_token()))
        assert refusal(answer) == (503, "signing_keys_unavailable", "")
        assert int(answer.headers["retry-after"]) > 0
        health = ingestion.client.get(f"{ingestion.url}/health/").json()
        assert (health["status"], health["dependencies"]["tokens"]["status"]) == (
            "degraded",
            "stale",
        )
        assert ingestion.statuses(page_view()) == ["stored"]


def test_another_secret_is_in_force_at_the_next_request(
    following: RunningIngestion, home: Home
) -> None:
    token = bearer(shared_token())
    assert following.send([], authorization=token).status_code == 401
    home.write(FOOTFALL_JWT_SECRET=f"'{SECRET}'")
    assert following.send([], authorization=token).status_code == 200
    home.write(FOOTFALL_JWT_SECRET=f"'{SECRET[::-1]}'")
    assert following.send([], authorization=token).status_code == 401


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("FOOTFALL_JWT_SECRET", "hunter2", "it has 7 bytes, and must have 32 or more"),
        ("FOOTFALL_JWT_JWKS", "http://hunter2.example/keys.json", "it must be an https URL"),
    ],
)
def test_it_does_not_start_with_what_would_let_anybody_in(name: str, value: str, why: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingestion"],
        cwd=PROJECT_ROOT,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{name}: {why}" in done.stderr
    assert "hunter2" not in done.stderr
