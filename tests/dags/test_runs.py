"""Each DAG is run for real, by Airflow, against Postgres: one after the other in one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.alerts import open_alerts
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.dags.test_dags import SCHEDULES
from tests.pipeline.conftest import all_marts, fresh_warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
BUILDING = {"new_loads": "success", "build": "success"}
WITH_NOTHING_TO_DO = {"new_loads": "success", "build": "skipped"}
# in this order: the checks and the rebuilding come when there is something to check and rebuild
RUNS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "update_daily_analytics": ({}, BUILDING),
    "update_user_analytics": ({}, BUILDING),
    "update_product_analytics": ({}, BUILDING),
    "update_community_analytics": ({}, BUILDING),
    "process_geo_restriction_analytics": ({}, BUILDING),
    "process_error_logs": ({}, BUILDING),
    "update_system_metrics": ({}, {"collect": "success"}),
    "data_quality": ({}, {"check": "success"}),
    "check_alerts": ({}, {"look": "success", "tell": "success"}),
    "generate_analytics_reports": ({}, {"generate_reports": "success"}),
    "generate_community_reports": ({}, {"generate_reports": "success"}),
    "generate_geo_effectiveness_reports": ({}, {"generate_reports": "success"}),
    "cleanup_old_analytics": ({}, {"clean_up": "success"}),
    "cleanup_resolved_error_logs": ({}, {"clean_up": "success"}),
    "cleanup_redis_analytics": ({}, {"clean_up": "success"}),
    "backfill": ({"first_day": "2024-06-03", "last_day": "2024-06-03"}, {"rebuild": "success"}),
    "full_refresh": (
        {"scope": "sample"},
        {"choose": "success", "check_sample": "success", "build_everything": "skipped"},
    ),
}


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    made = fresh_warehouse(postgres)
    land(made, [{"user_id": f"u{number}", "occurred_at": NOON} for number in range(20)])
    return made


@pytest.fixture(scope="module")
def environment(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("airflow")
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "FOOTFALL_TRANSFORM_DSN": warehouse.dsn(Role.TRANSFORM),
        "FOOTFALL_HOME": str(home),
    }


@pytest.fixture(scope="module")
def states(environment: dict[str, str]) -> dict[str, dict[str, str]]:
    """The state of each run and of its tasks, by DAG."""
    asked = [(dag_id, given) for dag_id, (given, _) in RUNS.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.run_dags", json.dumps(asked)],
        env=environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    found: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_every_dag_is_run_here() -> None:
    assert RUNS.keys() == SCHEDULES.keys()


@pytest.mark.parametrize("dag_id", RUNS)
def test_a_dag_does_its_work(states: dict[str, dict[str, str]], dag_id: str) -> None:
    assert states[dag_id] == {"run": "success", **RUNS[dag_id][1]}


def test_together_they_build_every_mart_and_leave_no_alert(
    states: dict[str, dict[str, str]], warehouse: Warehouse
) -> None:
    assert states
    assert {name for name, rows in all_marts(warehouse).items() if rows} >= {
        "daily_analytics", "user_analytics", "sessions", "data_quality_daily",
    }  # fmt: skip
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        conditions = {alert.condition for alert in open_alerts(connection)}
        noted = connection.execute("select count(*) from ops.health_figures").fetchone()
    assert noted == (1,)
    # in a test of the pipeline alone, the other parts are indeed down
    assert {name for name in conditions if not name.startswith("dependency:")} == set()
