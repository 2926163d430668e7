"""The warehouse in the embedded Postgres of another user, and in a Postgres of the operator's."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from stack.parts import POSTGRES, define_parts
from stack.postgres import EmbeddedPostgres
from stack.state import prepare_state
from stack.up import prepare_warehouse
from tests.conftest import free_port, stop
from warehouse.connections import connect, with_credentials
from warehouse.errors import OperatorError

ANOTHER_USER = "nobody"
START_AND_STOP = """
import signal, sys
from pathlib import Path
from stack.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]), {"shared_buffers": "16MB"})
assert server.initialise()
process = server.start()
process.send_signal(signal.SIGINT)
sys.exit(process.wait(30))
"""


@pytest.fixture(scope="module")
def other_server(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    """A second Postgres, standing for the operator's own."""
    server = EmbeddedPostgres(
        server_directory / "other", free_port(), {"fsync": "off", "shared_buffers": "16MB"}
    )
    server.initialise()
    process = server.start()
    try:
        yield server
    finally:
        stop(process, signal.SIGINT)


@pytest.fixture
def administrator(other_server: EmbeddedPostgres) -> Iterator[str]:
    """A database of the operator's, and its owner, who may create roles and databases."""
    with connect(other_server.superuser_dsn, autocommit=True) as connection:
        connection.execute("create role chief login createrole createdb password 'it''s%40'")
        connection.execute("create database products owner chief")
    yield with_credentials(
        other_server.superuser_dsn, user="chief", password="it's%40", database="products"
    )
    with connect(other_server.superuser_dsn, autocommit=True) as connection:
        for database in ("products", "footfall_airflow"):
            connection.execute(f"drop database if exists {database} with (force)".encode())
        rows = connection.execute(
            "select rolname from pg_roles where rolname like 'footfall%' or rolname = 'chief'"
        )
        for (role,) in sorted(rows.fetchall(), reverse=True):
            connection.execute(f"drop owned by {role} cascade".encode())
            connection.execute(f"drop role {role}".encode())


def test_a_database_of_the_operators_is_used_in_place_of_the_embedded_one(
    home: Path, administrator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_DATABASE_URL", administrator)
    state = prepare_state()
    prepare_warehouse(state)

    assert POSTGRES not in {part.name for part in define_parts(state)}
    with connect(state.settings.require("serving_dsn")) as connection:
        row = connection.execute("select current_database(), count(*) from raw.loads").fetchone()
    assert row == ("products", 0)
    with connect(state.settings.require("airflow_dsn")) as connection:
        connection.execute("create table of_its_own (id int)")
    assert not (home / "postgres").exists()


def test_the_administrators_url_is_given_to_no_part(
    home: Path, administrator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_DATABASE_URL", administrator)

    for part in define_parts(prepare_state()):
        assert "FOOTFALL_DATABASE_URL" not in part.launch.environment


def test_a_database_that_is_away_is_named_with_the_setting_to_check(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("FOOTFALL_DATABASE_URL", f"postgresql://me:secret@127.0.0.1:{port}/x")

    with pytest.raises(OperatorError, match=f"127.0.0.1:{port}/x as me") as caught:
        prepare_warehouse(prepare_state())
    assert "FOOTFALL_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_user_who_may_not_create_roles_is_told_so(
    home: Path, other_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(other_server.superuser_dsn, autocommit=True) as connection:
        connection.execute("drop role if exists clerk")
        connection.execute("create role clerk login password 'x'")
    dsn = with_credentials(other_server.superuser_dsn, user="clerk", password="x")
    monkeypatch.setenv("FOOTFALL_DATABASE_URL", dsn)

    with pytest.raises(OperatorError, match="must be allowed to create roles"):
        prepare_warehouse(prepare_state())


def test_the_roles_passwords_are_asked_for(other_server: EmbeddedPostgres) -> None:
    dsn = with_credentials(other_server.superuser_dsn, user="postgres", password="guess")

    with (
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
        connect(dsn),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_starts_the_embedded_postgres_too(tmp_path: Path) -> None:
    user = pwd.getpwnam(ANOTHER_USER)
    directory = tmp_path / "theirs"
    directory.mkdir()
    os.chown(directory, user.pw_uid, user.pw_gid)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)

    def as_user(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )

    try:
        as_user("import stack.postgres").check_returncode()
    except (subprocess.CalledProcessError, PermissionError):
        pytest.skip(f"{ANOTHER_USER} may not read this Python, {sys.executable}")

    done = as_user(START_AND_STOP, str(directory), str(free_port()))

    assert done.returncode == 0, done.stderr
    assert (directory / "data" / "PG_VERSION").stat().st_uid == user.pw_uid
