"""Health: each dependency, what is wrong with it, and an answer in bounded time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from ingestion.keys import revoke_key
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.ingestion.ledger import away, hanging, page_view, wait_for
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

BOUND_SECONDS = 5


def get(ingestion: RunningIngestion, path: str) -> httpx.Response:
    return ingestion.client.get(f"{ingestion.url}/health/{path}", timeout=BOUND_SECONDS)


def dependencies(ingestion: RunningIngestion) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = get(ingestion, "").json()["dependencies"]
    return found


def test_health_names_each_dependency(ingestion: RunningIngestion) -> None:
    ingestion.verdicts(page_view())
    answer = get(ingestion, "")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    found = dependencies(ingestion)
    assert {name: one["status"] for name, one in found.items()} == dict.fromkeys(
        ["postgres", "catalogue", "settings", "keys", "tokens", "geo", "queue", "spool"], "healthy"
    )
    assert 0 < found["postgres"]["latency_ms"] < 1000
    assert found["catalogue"]["event_types"] > 50
    assert found["keys"]["valid"] == 2
    assert found["queue"] == {"status": "healthy", "events": 0, "bytes": 0}
    assert found["spool"] == {
        "status": "healthy",
        "events": 0,
        "bytes": 0,
        "max_bytes": 1_000_000_000,
    }


def test_a_process_that_runs_is_alive_and_ready(ingestion: RunningIngestion) -> None:
    assert get(ingestion, "live").json() == {"status": "alive"}
    assert get(ingestion, "ready").json() == {"status": "ready"}


def test_health_is_told_in_bounded_time_while_postgres_hangs(
    postgres: EmbeddedPostgres, ingestion: RunningIngestion
) -> None:
    ingestion.verdicts(page_view())
    with hanging(postgres), ThreadPoolExecutor(8) as pool:
        for _ in range(2):  # on a connection that hangs, then on one that cannot be made
            started = time.monotonic()
            asked = [pool.submit(get, ingestion, name) for name in ["ready", "", "live"] * 2]
            metrics = pool.submit(get, ingestion, "../metrics")
            ready, health, live = [one.result() for one in asked[:3]]
            assert [one.result().status_code for one in asked[3:]] == [200, 200, 200]
            assert time.monotonic() - started < BOUND_SECONDS
            assert (ready.status_code, ready.json()["status"]) == (200, "spooling")
            assert "Postgres does not answer" in ready.json()["reason"]
            assert (health.status_code, health.json()["status"]) == (200, "degraded")
            assert health.json()["dependencies"]["postgres"]["status"] == "unhealthy"
            assert live.status_code == 200
            assert "footfall_ingestion_postgres_up 0.0" in metrics.result().text
    assert get(ingestion, "ready").json() == {"status": "ready"}


def test_who_cannot_take_events_is_not_ready(warehouse: Warehouse) -> None:
    with running_ingestion(warehouse) as without_keys:
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            revoke_key(connection, name="tests")
            revoke_key(connection, name="pages")
        wait_for(lambda: without_keys.send([]).status_code == 401)
        with away(warehouse):
            answer = get(without_keys, "ready")
            assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
            assert answer.headers["retry-after"] == "2"


def test_files_that_are_wrong_degrade_health_and_say_why(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with running_ingestion(warehouse, FOOTFALL_HOME=str(tmp_path)) as ingestion:
        (tmp_path / "footfall.env").write_text("FOOTFALL_MAX_DEPTH=deep\n")
        answer = get(ingestion, "")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        settings = dependencies(ingestion)["settings"]
        assert settings["status"] == "stale"
        assert "FOOTFALL_MAX_DEPTH" in settings["reason"]
        assert get(ingestion, "ready").status_code == 200
