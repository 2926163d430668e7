"""Commands that work from the environment alone, as containers give it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.state import DSN_VARIABLES
from stack.unsupervised import environment_for_airflow, state_of_environment
from tests.conftest import PASSWORD, Warehouse
from warehouse.connections import connect, with_credentials
from warehouse.errors import OperatorError
from warehouse.roles import AIRFLOW_DATABASE, Role
from warehouse.settings import PROJECT_ROOT, load_settings

SECRET = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="


@pytest.fixture
def environment(warehouse: Warehouse, tmp_path: Path) -> dict[str, str]:
    """What docker-compose.yml gives to the migration."""
    dsns = {
        name: with_credentials(
            warehouse.superuser_dsn,
            user=role,
            password=PASSWORD,
            database=AIRFLOW_DATABASE if role is Role.AIRFLOW else None,
        )
        for name, role in DSN_VARIABLES.items()
    }
    return {
        **os.environ,
        **dsns,
        "FOOTFALL_HOME": str(tmp_path),
        "FOOTFALL_DATABASE_URL": warehouse.superuser_dsn,
        "FOOTFALL_WRITE_KEY": "write-key-of-the-tests",
        "AIRFLOW__CORE__FERNET_KEY": SECRET,
        "AIRFLOW__API__SECRET_KEY": SECRET,
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
    }


def footfall(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack.cli", *words],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_migrate_prepares_the_database_for_every_part(
    environment: dict[str, str], warehouse: Warehouse
) -> None:
    done = footfall(environment, "migrate")

    assert done.returncode == 0, done.stdout + done.stderr
    with connect(warehouse.dsn(Role.INGEST)) as connection:
        assert connection.execute("select name from ops.write_keys").fetchall() == [("default",)]
    with connect(environment["FOOTFALL_AIRFLOW_DSN"]) as connection:
        assert connection.execute("select count(*) from dag_run").fetchone() == (0,)


def test_airflow_runs_with_our_configuration(environment: dict[str, str]) -> None:
    done = footfall(environment, "airflow", "--", "config", "get-value", "core", "dags_folder")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(PROJECT_ROOT / "dags")


def test_what_the_caller_sets_for_airflow_wins(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "7")
    load_settings.cache_clear()

    given = environment_for_airflow(state_of_environment())

    assert given["AIRFLOW__CORE__PARALLELISM"] == "7"
    assert given["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    load_settings.cache_clear()


def test_a_missing_secret_is_named(home: Path) -> None:
    with pytest.raises(OperatorError, match="AIRFLOW__CORE__FERNET_KEY is not set"):
        environment_for_airflow(state_of_environment())


def test_sql_reads_marts_by_their_names_as_the_reader(
    environment: dict[str, str], warehouse: Warehouse
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("create table marts.answer as select 42 as value")

    done = footfall(environment, "sql", "select value, current_user from answer")
    refused = footfall(environment, "sql", "select * from raw.events")

    assert done.returncode == 0, done.stderr
    assert "42 | footfall_reader" in done.stdout
    assert refused.returncode != 0
    assert "permission denied for schema raw" in refused.stderr
