"""From nothing to marts and back: the tests stand in the order of the story they tell."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
import pytest

from stack.airflow import AirflowClient
from stack.first_run import DAG as FIRST_RUN
from stack.processes import find_marked
from tests.dags.test_dags import SCHEDULES
from tests.dags.test_runs import BUILDING, RUNS, WITH_NOTHING_TO_DO
from tests.end_to_end.conftest import Installation
from warehouse.settings import Settings

PARTS = (
    "postgres",
    "ingestion",
    "serving",
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
)
BUILDING_DAGS = [dag_id for dag_id, (_, states) in RUNS.items() if states == BUILDING]
# of each other kind one; full_refresh has had its run in the first start
OTHER_KINDS = ("check_alerts", "update_system_metrics", "generate_analytics_reports",
               "cleanup_old_analytics")  # fmt: skip
LEDGER = "select sum(received), sum(stored), sum(duplicate), sum(quarantined) from raw.loads"


def wait_for(is_so: Callable[[], Any], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.25)


def airflow(installation: Installation) -> AirflowClient:
    return AirflowClient(
        Settings(_env_file=installation.home / "footfall.env")  # not those of the test process
    )


def run_together(
    installation: Installation, dags: Mapping[str, Mapping[str, object]]
) -> dict[str, dict[str, str | None]]:
    """Trigger DAGs at once, wait until all have succeeded, and return the states of their tasks."""
    with airflow(installation) as client:
        runs = {dag_id: client.trigger(dag_id, given) for dag_id, given in dags.items()}

        def states() -> dict[str, str]:
            return {dag_id: client.run_state(dag_id, run_id) for dag_id, run_id in runs.items()}

        wait_for(
            lambda: set(states().values()) <= {"success", "failed"},
            "the DAG runs",
            seconds=60 + 30 * len(runs),
        )
        assert states() == dict.fromkeys(runs, "success")
        return {dag_id: client.task_states(dag_id, run_id) for dag_id, run_id in runs.items()}


def test_the_first_start_shows_its_steps_and_sums_up(installation: Installation) -> None:
    for step in ("Postgres", "warehouse", "Airflow", "demo day", "first pipeline run"):
        assert f"ok  {step}" in installation.first_up
    for name in ("INGESTION_URL", "SERVING_URL", "AIRFLOW_URL"):
        assert installation.value(name) in installation.first_up
    received, stored, duplicate, quarantined = installation.query(LEDGER)[0]
    assert received > 10_000
    assert f"{received:,} received = {stored:,} stored + {duplicate:,} duplicate" in (
        installation.first_up
    )
    assert f"{quarantined:,} quarantined" in installation.first_up
    assert "marts.daily_analytics" in installation.first_up


def test_secrets_are_not_printed_where_no_person_looks_on(installation: Installation) -> None:
    for name in ("AIRFLOW_PASSWORD", "WRITE_KEY", "READ_TOKEN", "ADMIN_TOKEN"):
        assert installation.value(name) not in installation.first_up


def test_every_part_is_healthy(installation: Installation) -> None:
    done = installation.footfall("status")

    assert done.returncode == 0, done.stdout
    parts = installation.parts()
    assert set(parts) == set(PARTS)
    assert all(part["healthy"] and part["pid"] and part["memory_bytes"] for part in parts.values())


def test_the_doctor_finds_nothing_wrong(installation: Installation) -> None:
    told = json.loads(installation.footfall("doctor", "--json").stdout)
    wrong = {one["check"]: one["problems"] for one in told["checks"] if one["problems"]}
    assert wrong.keys() <= {"the disk has room"}, wrong
    assert all(one["was_made"] for one in told["checks"])


def test_status_tells_of_the_warehouse(installation: Installation) -> None:
    warehouse = installation.status()["warehouse"]
    assert {one["mart"] for one in warehouse["marts"]} >= {"daily_analytics", "user_analytics"}
    assert warehouse["partitions"]["days_ahead"] >= 2


def test_nothing_listens_beyond_this_machine(installation: Installation) -> None:
    addresses = {
        connection.laddr.ip
        for marked in find_marked(installation.home)
        for connection in marked.process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_the_demo_day_is_in_the_marts_whole(installation: Installation) -> None:
    rows = installation.query("select sum(events) from marts.daily_analytics", "READ_DSN")

    assert rows == installation.query("select count(*) from raw.events")
    assert rows[0][0] > 0


def test_the_generated_sites_are_served(installation: Installation) -> None:
    headers = {"Authorization": f"Bearer {installation.value('READ_TOKEN')}"}
    for site in ("dbt", "quality"):
        url = f"{installation.value('SERVING_URL')}/docs/{site}/"
        assert httpx.get(url, headers=headers, follow_redirects=True).status_code == 200
    assert httpx.get(f"{installation.value('INGESTION_URL')}/docs").status_code == 200


def test_airflow_shows_every_dag_without_an_error_and_runs_its_schedule(
    installation: Installation,
) -> None:
    with airflow(installation) as client:
        wait_for(lambda: client.active_dags() == SCHEDULES.keys(), "every DAG to be read")
        assert client.import_errors() == []


def test_posted_events_reach_the_marts_while_all_dags_run_at_once(
    installation: Installation,
) -> None:
    product = f"product-{uuid.uuid4()}"
    now = datetime.now(UTC)
    before = installation.query("select coalesce(sum(events), 0) from marts.daily_analytics")
    events = [
        {
            "event_id": str(uuid.uuid4()),
            "category": "product",
            "event_type": "view",
            "user_id": "somebody",
            "entity_type": "product",
            "entity_id": product,
            "occurred_at": now.isoformat(),
        }
        for _ in range(7)
    ]
    answer = httpx.post(
        f"{installation.value('INGESTION_URL')}/v1/events",
        json=[*events, events[0]],
        headers={"Authorization": f"Bearer {installation.value('WRITE_KEY')}"},
    )
    statuses = [result["status"] for result in answer.json()["results"]]
    assert (answer.status_code, statuses) == (200, ["stored"] * 7 + ["duplicate"])

    run_together(installation, {dag_id: {} for dag_id in (*BUILDING_DAGS, *OTHER_KINDS)})

    after = installation.query("select sum(events) from marts.daily_analytics")
    assert after[0][0] == before[0][0] + 7
    assert installation.query(
        f"select count(*) from marts.product_metrics where product_id = '{product}'"
    ) == [(1,)]


def test_a_run_with_nothing_new_builds_nothing(installation: Installation) -> None:
    before = installation.query("select count(*) from ops.runs")

    states = run_together(installation, {dag_id: {} for dag_id in BUILDING_DAGS})
    assert states == dict.fromkeys(BUILDING_DAGS, WITH_NOTHING_TO_DO)
    assert installation.query("select count(*) from ops.runs") == before


def test_a_second_up_repeats_nothing(installation: Installation) -> None:
    pids = {name: part["pid"] for name, part in installation.parts().items()}
    ledger = installation.query(LEDGER)
    secrets = (installation.home / "footfall.env").read_bytes()
    with airflow(installation) as client:
        runs = client.count_manual_runs(FIRST_RUN)
        started = time.monotonic()
        done = installation.footfall("up")
        assert (done.returncode, done.stderr) == (0, "")
        assert time.monotonic() - started < 60
        assert client.count_manual_runs(FIRST_RUN) == runs
    assert {name: part["pid"] for name, part in installation.parts().items()} == pids
    assert installation.query(LEDGER) == ledger
    assert (installation.home / "footfall.env").read_bytes() == secrets


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_killed_comes_back(installation: Installation, name: str) -> None:
    pid = installation.parts()[name]["pid"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 90

    while True:
        part = installation.parts()[name]
        if part["healthy"] and part["pid"] != pid:
            break
        assert time.monotonic() < deadline, (part, installation.log_tail(name))
        time.sleep(0.25)


def test_down_leaves_no_process_and_status_says_so(installation: Installation) -> None:
    wait_for(lambda: installation.status()["healthy"], "all to be healthy")
    assert installation.footfall("down").returncode == 0

    assert find_marked(installation.home) == []
    done = installation.footfall("status")
    assert done.returncode == 1
    assert done.stdout.count("not running") == len(PARTS)


def test_up_after_down_finds_everything_as_it_was(installation: Installation) -> None:
    secrets = (installation.home / "footfall.env").read_bytes()
    started = time.monotonic()
    done = installation.footfall("up")

    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - started < 60
    assert "demo day" not in done.stdout
    assert installation.status()["healthy"]
    assert (installation.home / "footfall.env").read_bytes() == secrets
    assert installation.query("select sum(events) from marts.daily_analytics") == (
        installation.query("select count(*) from raw.events")
    )
