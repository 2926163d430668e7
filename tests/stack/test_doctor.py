"""The doctor: each thing that may be wrong is found, explained and given a remedy."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from stack.cli import main
from stack.doctor import database, installation, pipeline
from stack.doctor.examination import CHECKS, examine
from stack.doctor.subject import Problem, Subject
from stack.postgres import EmbeddedPostgres
from stack.state import DSN_VARIABLES, prepare_state
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.mmdb import write_mmdb
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import ENV_FILE, Settings, load_settings

LONG_AGO = dt.timedelta(hours=5)


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres) -> Warehouse:
    """A warehouse that is well, for checks that change nothing in it for good."""
    return new_warehouse(postgres)


@pytest.fixture
def subject(shared: Warehouse, tmp_path: Path) -> Subject:
    """An installation that is well."""
    return of(shared, tmp_path)


def of(warehouse: Warehouse, home: Path, **changes: object) -> Subject:
    values: dict[str, object] = {
        name.removeprefix("FOOTFALL_").lower(): SecretStr(warehouse.dsn(role))
        for name, role in DSN_VARIABLES.items()
        if role is not Role.AIRFLOW
    }
    values |= {"home": home, "privacy_secret": SecretStr("secret"), **changes}
    return Subject(home, {}, load_settings().model_copy(update=values))


def found(check: Callable[[Subject], Iterator[Problem]], subject: Subject) -> str:
    """Return all that a check finds, as one text."""
    return "\n".join(f"{problem.what} -> {problem.remedy}" for problem in check(subject))


@contextmanager
def changed(warehouse: Warehouse, statement: str, back: str) -> Iterator[None]:
    """Change a shared warehouse for the duration of a ``with`` block."""
    with connect(warehouse.superuser_dsn, autocommit=True) as connection:
        connection.execute(statement.encode())
        try:
            yield
        finally:
            connection.execute(back.encode())


def test_an_installation_that_is_well_has_no_problem(subject: Subject) -> None:
    findings = examine(subject)
    assert [finding.check for finding in findings] == [check.name for check in CHECKS]
    problems = {one.check: one.problems for one in findings if one.problems}
    assert problems.keys() <= {"the disk has room"}  # of the machine that runs the tests


def test_secrets_that_others_may_read_are_found(subject: Subject) -> None:
    path = subject.home / ENV_FILE
    path.write_text("")
    path.chmod(0o640)
    assert "mode 0640" in found(installation.secrets_are_private, subject)
    path.chmod(0o600)
    assert found(installation.secrets_are_private, subject) == ""


def test_without_the_privacy_secret_nobody_stays_erased(shared: Warehouse, tmp_path: Path) -> None:
    (tmp_path / ENV_FILE).touch(0o600)
    told = found(installation.secrets_are_private, of(shared, tmp_path, privacy_secret=None))
    assert "FOOTFALL_PRIVACY_SECRET is missing" in told


def test_a_misspelt_setting_is_found_with_the_one_that_is_meant(subject: Subject) -> None:
    misspelt = replace(subject, values={"FOOTFALL_RETENTION_DAY": "3"})
    told = found(installation.settings_are_known, misspelt)
    assert "FOOTFALL_RETENTION_DAY in footfall.env is no setting" in told
    assert "is FOOTFALL_RETENTION_DAYS meant?" in told


def test_an_open_door_is_found(shared: Warehouse, tmp_path: Path) -> None:
    open_to_all = of(shared, tmp_path, bind_host="10.0.0.1", anonymous_source="web")
    assert "may send events without a key" in found(installation.settings_are_known, open_to_all)


def test_a_catalogue_that_is_wrong_is_found(shared: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    subject = of(shared, tmp_path, catalog_dir=tmp_path / "catalog")
    assert "holds no catalogue files" in found(installation.catalogue_can_be_read, subject)
    (tmp_path / "catalog" / "user.yaml").write_text("category: [")
    assert "footfall catalogue check" in found(installation.catalogue_can_be_read, subject)


def test_packages_of_other_versions_are_found(subject: Subject, tmp_path: Path) -> None:
    lock_file = tmp_path / "requirements.txt"
    lock_file.write_text("zzz-not-there==1.0\ndbt-core==0.1 \\\n    --hash=sha256:00\n")
    [problem] = installation.packages_are_locked(subject, lock_file)
    assert problem.what.startswith("dbt-core is 1.")
    assert "zzz-not-there is none, and should be 1.0" in problem.what
    assert problem.remedy == "make environment"


def test_a_full_disk_is_found(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "LEAST_FREE_SHARE", 1.1)
    assert "footfall retention" in found(installation.disk_has_room, subject)


def test_parts_that_do_not_run_and_taken_ports_are_found(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("FOOTFALL_SERVING_PORT", str(port))
        state = prepare_state()
        told = found(installation.parts_run, Subject(home, state.values, state.settings))
    assert "the supervisor does not run" in told
    assert f"port {port}, which serving needs, is in use by" in told
    assert "FOOTFALL_SERVING_PORT=<port> make up" in told


def test_damaged_and_waiting_records_of_the_spool_are_found(subject: Subject) -> None:
    spool = subject.home / "spool"
    (spool / "damaged").mkdir(parents=True)
    spool.chmod(0o755)
    (spool / "damaged" / "000000000001-0").write_bytes(b"x")
    (spool / "000000000002.segment").write_bytes(b"four")
    assert "bytes have waited" not in found(installation.spool_is_empty, subject)
    told = found(installation.spool_is_empty, replace(subject, now=subject.now + LONG_AGO))
    for what in ("others may read the spool", "1 files in", "4 bytes have waited"):
        assert what in told


def test_an_old_and_an_unreadable_database_of_places_are_found(subject: Subject) -> None:
    (subject.home / "geo").mkdir()
    (subject.home / "geo" / "broken.mmdb").write_bytes(b"no such thing")
    write_mmdb(subject.home / "geo" / "old.mmdb", {})
    told = found(
        installation.places_are_current, replace(subject, now=subject.now + dt.timedelta(days=900))
    )
    assert "broken.mmdb cannot be read" in told
    assert "old.mmdb is" in told
    assert "footfall geo install" in told


def test_a_database_that_is_away_is_found_and_what_needs_it_left_out(
    shared: Warehouse, tmp_path: Path
) -> None:
    away = SecretStr("postgresql://nobody:hidden@127.0.0.1:1/nowhere")
    findings = {one.check: one for one in examine(of(shared, tmp_path, owner_dsn=away))}
    [problem] = findings["Postgres answers"].problems
    assert problem.what.startswith("127.0.0.1:1/nowhere as nobody does not answer")
    assert "hidden" not in problem.what
    assert not findings["runs succeed"].was_made


def test_another_clock_and_an_old_server_are_found(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LEAST_VERSION", 99)
    monkeypatch.setattr(database, "LARGEST_CLOCK_DIFFERENCE", dt.timedelta(seconds=-60))
    told = found(database.database_answers, subject)
    assert "upgrade it to 99" in told
    assert "clocks of this machine and of Postgres" in told


def test_a_role_that_cannot_log_in_or_may_do_everything_is_found(
    shared: Warehouse, tmp_path: Path
) -> None:
    wrong = SecretStr(shared.dsn(Role.INGEST).replace("only-for-tests", "wrong"))
    told = found(database.roles_can_log_in, of(shared, tmp_path, ingest_dsn=wrong))
    assert "footfall_ingest cannot log in" in told
    mighty = SecretStr(shared.superuser_dsn)
    told = found(database.roles_can_log_in, of(shared, tmp_path, serving_dsn=mighty))
    assert "FOOTFALL_SERVING_DSN connects as postgres, who may do everything" in told


@pytest.mark.parametrize(
    ("statement", "back", "told"),
    [
        (
            "revoke insert on raw.events from footfall_ingest",
            "grant insert on raw.events to footfall_ingest",
            "footfall_ingest may not insert raw.events",
        ),
        (
            "revoke update (state) on raw.loads from footfall_transform",
            "grant update (state) on raw.loads to footfall_transform",
            "footfall_transform may not update state of raw.loads",
        ),
        (
            "grant usage on schema raw to footfall_reader;"
            " grant select on raw.events to footfall_reader",
            "revoke select on raw.events from footfall_reader;"
            " revoke usage on schema raw from footfall_reader",
            "footfall_reader may read raw.events",
        ),
    ],
)
def test_other_privileges_than_those_of_the_code_are_found(
    shared: Warehouse, subject: Subject, statement: str, back: str, told: str
) -> None:
    with changed(shared, statement, back):
        assert told in found(database.grants_are_those_of_the_code, subject)
    assert found(database.grants_are_those_of_the_code, subject) == ""


def test_a_schema_of_another_version_is_found(shared: Warehouse, subject: Subject) -> None:
    with connect(shared.superuser_dsn) as connection:
        row = connection.execute("select version_num from ops.alembic_version").fetchone()
    assert row is not None
    with changed(
        shared,
        "update ops.alembic_version set version_num = '0001'",
        f"update ops.alembic_version set version_num = '{row[0]}'",
    ):
        assert "of migration 0001, and the code of" in found(
            database.migrations_are_current, subject
        )


def test_missing_partitions_and_events_without_one_are_found(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    land(warehouse, [{"received_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}])
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date()
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute(f"drop table raw.events_{tomorrow:%Y%m%d}".encode())
    told = found(database.partitions_are_ahead, of(warehouse, tmp_path))
    assert f"no partition for {tomorrow}" in told
    assert "1 events are in raw.events_default" in told


def test_loads_that_do_not_move_and_runs_that_failed_are_found(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    for state in ("held", "claimed", "landed"):
        load_id = land(warehouse, [{}])
        with connect(warehouse.superuser_dsn) as connection:
            connection.execute(
                "update raw.loads set state = %s where load_id = %s", (state, load_id)
            )
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute(
            "insert into ops.runs (domain, trigger, is_full_refresh, state, detail) values"
            " ('core', 'cli', false, 'running', '{}'),"
            " ('daily', 'cli', false, 'failed', '{\"reason\": \"division by zero\"}'),"
            " ('sales', 'cli', false, 'failed', '{}'), ('sales', 'cli', false, 'succeeded', '{}')"
        )
    subject = of(warehouse, tmp_path)
    told = found(pipeline.loads_move_on, subject)
    assert "held by a check that failed" in told
    assert "claimed by a run that is no more" in told
    assert "wait for a run" not in told
    later = replace(subject, now=subject.now + LONG_AGO)
    assert "wait for a run" in found(pipeline.loads_move_on, later)
    told = found(pipeline.runs_succeed, subject)
    assert "a run of core began" in told
    assert "daily" in told
    assert "division by zero" in told
    assert "sales" not in told


def test_old_locks_and_open_transactions_are_found(shared: Warehouse, subject: Subject) -> None:
    from pipeline.locks import lock

    later = replace(subject, now=subject.now + LONG_AGO)
    with (
        lock(shared.dsn(Role.TRANSFORM), "core"),
        connect(shared.dsn(Role.INGEST), name="forgotten") as connection,
    ):
        connection.execute("select 1")
        assert found(pipeline.nobody_blocks, subject) == ""
        told = found(pipeline.nobody_blocks, later)
    assert "(footfall lock core) holds a lock of the pipeline since" in told
    assert "(forgotten) is idle in transaction since" in told
    assert "pg_terminate_backend" in told
    assert found(pipeline.nobody_blocks, later) == ""


def test_dags_that_do_not_run_are_found(warehouse: Warehouse, tmp_path: Path) -> None:
    subject = of(warehouse, tmp_path, airflow_dsn=SecretStr(warehouse.dsn(Role.OWNER)))
    assert "has no tables" in found(pipeline.dags_run, subject)
    with connect(warehouse.superuser_dsn) as connection:  # the columns of Airflow that are read
        connection.execute(
            """
            create schema airflow;
            create table airflow.import_error (filename text, stacktrace text);
            create table airflow.dag (dag_id text, is_paused bool, is_stale bool,
                next_dagrun_create_after timestamptz);
            create table airflow.dag_run (id serial, dag_id text, state text);
            insert into airflow.import_error values ('bad.py', E'Traceback\\nSyntaxError: oh');
            insert into airflow.dag values
                ('late', false, false, now() - interval '1 hour'), ('paused', true, false, null),
                ('gone', true, true, null), ('failed', false, false, now()),
                ('well', false, false, now());
            insert into airflow.dag_run (dag_id, state) values
                ('failed', 'success'), ('failed', 'failed'), ('well', 'failed'),
                ('well', 'success'), ('well', 'running');
            grant usage on schema airflow to footfall_owner;
            grant select on all tables in schema airflow to footfall_owner;
            """
        )
        database_name = connection.info.dbname
        connection.execute(
            f"alter role footfall_owner in database {database_name}"
            " set search_path = airflow, public".encode()
        )
    told = found(pipeline.dags_run, subject)
    assert "bad.py cannot be read: SyntaxError: oh" in told
    assert "the DAG late should have run" in told
    assert "the DAG paused is paused" in told
    assert "the last run of the DAG failed failed" in told
    assert "gone" not in told
    assert "well" not in told


def test_the_command_fails_where_something_is_wrong_and_prints_json(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_state()
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "--json"])
    assert caught.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["is_well"] is False
    checks = {one["check"]: one for one in told["checks"]}
    assert checks["Postgres answers"]["problems"][0]["remedy"].startswith("`make up` starts")
    assert checks["secrets are private"]["problems"] == []
    assert isinstance(load_settings(), Settings)
