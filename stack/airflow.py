"""Airflow on one machine: its configuration, its metadata database and its REST API.

Airflow is configured by environment variables alone, so that nothing depends on a file that a
person may have edited. The values keep an idle machine idle: few processes, long intervals where
nobody waits for the result.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psycopg

from stack.state import State
from warehouse.connections import connect, sqlalchemy_url
from warehouse.errors import OperatorError
from warehouse.settings import PROJECT_ROOT, Settings

ROLE = "admin"
SECRET_VARIABLES = (
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
)


def airflow_home(home: Path) -> Path:
    """Return the directory of Airflow's own files: task logs, its password file."""
    return home / "airflow"


def airflow_environment(state: State) -> dict[str, str]:
    """Return the environment variables that configure Airflow's processes."""
    settings = state.settings
    directory = airflow_home(state.home)
    dsn = settings.require("airflow_dsn")
    base_url = settings.airflow_url
    options: Mapping[str, Mapping[str, str | int | float | bool]] = {
        "CORE": {
            "EXECUTOR": "LocalExecutor",
            "PARALLELISM": 2,
            "MAX_ACTIVE_TASKS_PER_DAG": 2,
            "DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
            "DAGS_ARE_PAUSED_AT_CREATION": False,
            "PLUGINS_FOLDER": str(directory / "plugins"),
            "LOAD_EXAMPLES": False,
            "MP_START_METHOD": "fork",  # workers share the scheduler's memory
            "SIMPLE_AUTH_MANAGER_USERS": f"{settings.airflow_user}:{ROLE}",
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(state.home)),
            "EXECUTION_API_SERVER_URL": f"{base_url}/execution/",
            "MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 10,
        },
        "DATABASE": {
            "SQL_ALCHEMY_CONN": sqlalchemy_url(dsn, "psycopg2"),
            "SQL_ALCHEMY_CONN_ASYNC": sqlalchemy_url(dsn, "asyncpg").replace("sslmode=", "ssl="),
            "SQL_ALCHEMY_POOL_SIZE": 2,
            "SQL_ALCHEMY_MAX_OVERFLOW": 5,
        },
        "API": {
            "HOST": settings.bind_host,
            "PORT": settings.airflow_port,
            "BASE_URL": base_url,
            "WORKERS": 1,
        },
        "LOGGING": {
            "BASE_LOG_FOLDER": str(directory / "logs"),
            "COLORED_CONSOLE_LOG": False,
        },
        "SCHEDULER": {
            "SCHEDULER_IDLE_SLEEP_TIME": 2,
            # that a task's process was killed is noticed within two minutes, not ten
            "TASK_INSTANCE_HEARTBEAT_TIMEOUT": 90,
            "ORPHANED_TASKS_CHECK_INTERVAL": 60,
            "PARSING_CLEANUP_INTERVAL": 300,
            "POOL_METRICS_INTERVAL": 3600,
            "TI_METRICS_INTERVAL": 3600,
            "DAGRUN_METRICS_INTERVAL": 3600,
        },
        "DAG_PROCESSOR": {
            "PARSING_PROCESSES": 1,
            "MIN_FILE_PROCESS_INTERVAL": 300,
            "REFRESH_INTERVAL": 60,
            "BUNDLE_REFRESH_CHECK_INTERVAL": 15,
            "STALE_DAG_THRESHOLD": 600,
            "PRINT_STATS_INTERVAL": 0,
        },
        "METRICS": {"STATSD_ON": False, "OTEL_ON": False},
        "TRIGGERER": {"CAPACITY": 100},
    }
    environment = {
        f"AIRFLOW__{section}__{name}": str(value)
        for section, values in options.items()
        for name, value in values.items()
    }
    environment["AIRFLOW_HOME"] = str(directory)
    return environment | {name: state.values[name] for name in SECRET_VARIABLES}


def prepare_airflow_files(state: State) -> None:
    """Create Airflow's directory and the file with the web UI's password."""
    directory = airflow_home(state.home)
    (directory / "plugins").mkdir(parents=True, exist_ok=True)
    path = _password_file(state.home)
    text = json.dumps({state.settings.airflow_user: state.settings.require("airflow_password")})
    if path.exists() and path.read_text().strip() == text:
        return
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text + "\n")


def is_metadata_current(state: State) -> bool:
    """Return whether the metadata database has the schema of the installed Airflow.

    Asking Airflow itself takes seconds, so the revision that its migration left behind is kept
    in a file and compared with the database.
    """
    try:
        stamp = json.loads(_stamp_file(state.home).read_text())
    except (OSError, ValueError):
        return False
    return bool(stamp == _stamp(state.settings))


def start_migration(state: State, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``airflow db migrate`` in the background, its output in ``logs/airflow-migrate.log``.

    Args:
        state: The state, for its directory.
        environment: The environment of Airflow's processes.
    """
    with migration_log(state.home).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=PROJECT_ROOT,
        )


def finish_migration(state: State, process: subprocess.Popen[bytes]) -> None:
    """Wait for the migration and note the revision that it reached.

    Raises:
        OperatorError: It failed; the message holds the end of its log.
    """
    if process.wait() != 0:
        log = migration_log(state.home)
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise OperatorError(f"Airflow's database could not be migrated ({log}):\n{tail}")
    _stamp_file(state.home).write_text(json.dumps(_stamp(state.settings)))


def migration_log(home: Path) -> Path:
    """Return the log file of the migration of Airflow's metadata."""
    return home / "logs" / "airflow-migrate.log"


class AirflowClient:
    """Airflow's REST API, logged in as the generated user.

    Args:
        settings: Where it is and with which log-in.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.Client(base_url=settings.airflow_url, timeout=30, trust_env=False)
        answer = self._client.post(
            "/auth/token",
            json={
                "username": settings.airflow_user,
                "password": settings.require("airflow_password"),
            },
        )
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> AirflowClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def has_dag(self, dag_id: str) -> bool:
        """Return whether the dag-processor has brought a DAG in."""
        return self._client.get(f"/api/v2/dags/{dag_id}").status_code == httpx.codes.OK

    def import_errors(self) -> list[str]:
        """Return what went wrong in DAG files, one text each."""
        errors = self._get("/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def active_dags(self) -> set[str]:
        """Return the ids of the DAGs whose schedules run."""
        return {dag["dag_id"] for dag in self._get("/api/v2/dags?limit=500&paused=false")["dags"]}

    def trigger(self, dag_id: str, given: Mapping[str, object] | None = None) -> str:
        """Start a run of a DAG now.

        Args:
            dag_id: Which.
            given: Values of its parameters; the others have their defaults.

        Returns:
            The id of the run.
        """
        answer = self._client.post(
            f"/api/v2/dags/{dag_id}/dagRuns",
            json={"logical_date": None, "conf": dict(given or {})},
        )
        answer.raise_for_status()
        return str(answer.json()["dag_run_id"])

    def count_manual_runs(self, dag_id: str) -> int:
        """Return how many runs a DAG has had that were not its schedule's."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=1&run_type=manual"
        return int(self._get(path)["total_entries"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Return the state of each task of a run; None: it waits for others."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return {task["task_id"]: task["state"] for task in self._get(path)["task_instances"]}

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._client.get(path)
        answer.raise_for_status()
        return dict(answer.json())


def _password_file(home: Path) -> Path:
    return airflow_home(home) / "passwords.json"


def _stamp_file(home: Path) -> Path:
    return airflow_home(home) / "migrated.json"


def _stamp(settings: Settings) -> dict[str, Any]:
    revisions: list[str] = []
    try:
        with connect(settings.require("airflow_dsn"), name="footfall up") as connection:
            rows = connection.execute("select version_num from alembic_version order by 1")
            revisions = [row[0] for row in rows]
    except psycopg.errors.UndefinedTable:
        pass
    return {"airflow": version("apache-airflow-core"), "revisions": revisions}
