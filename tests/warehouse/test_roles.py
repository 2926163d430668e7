"""Least privilege: each role can do what its component does, and nothing else."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import PASSWORD, Warehouse
from warehouse.connections import connect
from warehouse.roles import Role, bootstrap


@pytest.mark.parametrize("role", Role)
def test_no_component_is_superuser(warehouse: Warehouse, role: Role) -> None:
    with connect(warehouse.superuser_dsn) as connection:
        row = connection.execute(
            "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls"
            " from pg_roles where rolname = %s",
            (str(role),),
        ).fetchone()
    assert row == (False,)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.INGEST, "select * from raw.events"),
        (Role.INGEST, "update raw.events set value = 0"),
        (Role.INGEST, "delete from raw.events"),
        (Role.INGEST, "update raw.loads set state = 'settled'"),
        (Role.INGEST, "select * from raw.quarantine"),
        (Role.INGEST, "delete from raw.event_ids"),
        (Role.INGEST, "insert into ops.write_keys values ('x', 'mine', 'mine')"),
        (Role.INGEST, "select 1 from marts.secret"),
        (Role.TRANSFORM, "insert into raw.loads default values"),
        (Role.TRANSFORM, "delete from raw.events"),
        (Role.TRANSFORM, "update raw.loads set stored = 0"),
        (Role.TRANSFORM, "select * from ops.write_keys"),
        (Role.SERVING, "update ops.alerts set state = 'resolved'"),
        (Role.READER, "select * from raw.events"),
        (Role.READER, "select * from ops.runs"),
        (Role.READER, "select * from intermediate.secret"),
        (Role.READER, "create table marts.mine (a int)"),
        (Role.READER, "delete from marts.secret"),
    ],
)
def test_role_is_refused(warehouse: Warehouse, role: Role, statement: str) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("create table marts.secret (a int)")
        connection.execute("create table intermediate.secret (a int)")
    with connect(warehouse.dsn(role), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")  # a default, no barrier
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize("role", [Role.READER, Role.SERVING])
def test_reader_selects_from_a_mart_that_was_created_later(
    warehouse: Warehouse, role: Role
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("create table marts.fresh as select 1 as figure")
    with connect(warehouse.dsn(role)) as connection:
        assert connection.execute("select figure from marts.fresh").fetchone() == (1,)


def test_bootstrap_may_be_run_again(warehouse: Warehouse) -> None:
    bootstrap(warehouse.superuser_dsn, dict.fromkeys(Role, PASSWORD))


def test_an_administrator_who_is_no_superuser_can_bootstrap(warehouse: Warehouse) -> None:
    with connect(warehouse.superuser_dsn, autocommit=True) as connection:
        connection.execute("create role dba login createrole createdb password 'only-for-tests'")
        for role in Role:
            connection.execute(f"grant {role} to dba with admin option".encode())
        connection.execute("create database of_dba owner dba")
    dsn = warehouse.superuser_dsn.replace("postgres:", "dba:", 1)
    user = dsn.rpartition("@")[2].rpartition("/")[0]
    bootstrap(f"postgresql://dba:{PASSWORD}@{user}/of_dba", dict.fromkeys(Role, PASSWORD))
