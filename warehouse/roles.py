"""Who may do what in the database: the roles, their settings and their grants.

Each component connects as its own role and none as superuser. The lists here are the whole truth:
:func:`bootstrap` and :func:`apply_grants` may be run again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from psycopg import sql

from warehouse.connections import Connection, connect

AIRFLOW_DATABASE = "footfall_airflow"


class Role(StrEnum):
    """A database role and, by its docstring's line, the component that logs in as it."""

    OWNER = "footfall_owner"  # migrations
    INGEST = "footfall_ingest"  # ingestion
    TRANSFORM = "footfall_transform"  # the pipeline: dbt, Great Expectations
    SERVING = "footfall_serving"  # the read API
    READER = "footfall_reader"  # analysts and BI tools
    AIRFLOW = "footfall_airflow"  # Airflow's metadata, in a database of its own


SCHEMA_OWNERS = {
    "raw": Role.OWNER,
    "ops": Role.OWNER,
    "staging": Role.TRANSFORM,
    "intermediate": Role.TRANSFORM,
    "marts_candidate": Role.TRANSFORM,
    "marts": Role.TRANSFORM,
}

ROLE_SETTINGS: dict[Role, dict[str, str]] = {
    Role.OWNER: {"timezone": "UTC"},
    Role.INGEST: {"timezone": "UTC"},
    # A run that was killed must not go on inside Postgres while the next one writes.
    Role.TRANSFORM: {"timezone": "UTC", "client_connection_check_interval": "1s"},
    Role.SERVING: {
        "timezone": "UTC",
        "statement_timeout": "30s",
        "default_transaction_read_only": "on",
    },
    Role.READER: {
        "timezone": "UTC",
        "statement_timeout": "5min",
        "default_transaction_read_only": "on",
    },
    Role.AIRFLOW: {"timezone": "UTC"},
}


class Grant(NamedTuple):
    """Privileges of one role on one table of ``raw`` or ``ops``."""

    role: Role
    privileges: str
    table: str


TABLE_GRANTS = (
    Grant(Role.INGEST, "select, insert", "raw.event_ids"),
    Grant(Role.INGEST, "insert", "raw.events"),
    Grant(Role.INGEST, "insert, select (load_id)", "raw.loads"),
    Grant(Role.INGEST, "usage", "sequence raw.loads_load_id_seq"),  # ids carry the load's number
    Grant(Role.INGEST, "insert", "raw.quarantine"),
    Grant(Role.INGEST, "insert", "raw.suppressions"),
    Grant(Role.INGEST, "select", "ops.write_keys"),
    Grant(Role.INGEST, "select", "ops.erasures"),
    Grant(Role.INGEST, "select, insert, delete", "ops.address_salts"),
    Grant(Role.INGEST, "select", "ops.products"),
    Grant(Role.TRANSFORM, "select", "raw.events"),
    Grant(Role.TRANSFORM, "select, update (state, run_id, held_reason, observed_at)", "raw.loads"),
    Grant(Role.TRANSFORM, "select", "raw.quarantine"),
    Grant(Role.TRANSFORM, "select", "raw.suppressions"),
    Grant(Role.TRANSFORM, "select, insert, update", "ops.runs"),
    Grant(Role.TRANSFORM, "select, insert, update", "ops.domain_progress"),
    Grant(Role.TRANSFORM, "select, insert", "ops.quality_results"),
    Grant(Role.TRANSFORM, "select, insert, update", "ops.alerts"),
    Grant(Role.TRANSFORM, "select, insert, update", "ops.notifications"),
    Grant(Role.TRANSFORM, "select, insert, update, delete", "ops.event_hours"),
    Grant(Role.TRANSFORM, "select, insert, update, delete", "ops.field_days"),
    Grant(Role.TRANSFORM, "select, insert, update", "ops.deliveries"),
    Grant(Role.TRANSFORM, "select", "raw.events_default"),
    Grant(Role.TRANSFORM, "select, insert, delete", "ops.raw_contents"),
    Grant(Role.TRANSFORM, "select, insert", "ops.removals"),
    Grant(Role.TRANSFORM, "select (day), delete", "ops.address_salts"),
    *(
        Grant(Role.TRANSFORM, "delete", f"ops.{table}")
        for table in ("runs", "quality_results", "alerts", "notifications", "deliveries")
    ),
    Grant(Role.TRANSFORM, "select, insert, update, delete", "ops.reports"),
    Grant(Role.TRANSFORM, "select, insert, delete", "ops.health_figures"),
    Grant(Role.SERVING, "select", "raw.events"),
    Grant(Role.SERVING, "select", "raw.loads"),
    Grant(Role.SERVING, "select", "ops.runs"),
    Grant(Role.SERVING, "select", "ops.domain_progress"),
    Grant(Role.SERVING, "select", "ops.quality_results"),
    Grant(Role.SERVING, "select", "ops.alerts"),
    Grant(Role.SERVING, "select", "ops.raw_contents"),
    Grant(Role.SERVING, "select", "ops.removals"),
    Grant(Role.SERVING, "select", "ops.reports"),
    Grant(Role.SERVING, "select", "ops.health_figures"),
    Grant(Role.SERVING, "select", "ops.deliveries"),
)

SCHEMA_USAGE = {
    Role.INGEST: ("raw", "ops"),
    Role.TRANSFORM: ("raw", "ops"),
    Role.SERVING: ("raw", "ops", "marts"),
    Role.READER: ("marts",),
}

FUNCTION_GRANTS = (
    (Role.TRANSFORM, "raw.ensure_partitions(integer)"),
    (Role.TRANSFORM, "raw.drop_day(date, bigint)"),
    (Role.TRANSFORM, "raw.remove_events(date, bigint[], text[], text[], text[])"),
    (Role.TRANSFORM, "raw.remove_quarantine(timestamptz, bigint)"),
    (Role.TRANSFORM, "raw.remove_loads(timestamptz, bigint)"),
)


def bootstrap(admin_dsn: str, passwords: Mapping[Role, str]) -> None:
    """Create roles, schemas and Airflow's database, or bring them up to date.

    Args:
        admin_dsn: URL of the warehouse's database, as a user that may create roles and databases.
        passwords: Password of every role.

    Raises:
        psycopg.errors.InsufficientPrivilege: The user may not create roles or databases.
    """
    with connect(admin_dsn, name="footfall bootstrap") as connection:
        database = connection.info.dbname
        for role in Role:
            _create_role(connection, role, passwords[role])
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(database))
        )
        for role in Role:
            if role is not Role.AIRFLOW:
                connection.execute(
                    sql.SQL("grant connect on database {} to {}").format(
                        sql.Identifier(database), sql.Identifier(role)
                    )
                )
        # dbt issues `create schema if not exists`, which needs the privilege even where it exists
        connection.execute(
            sql.SQL("grant create, temporary on database {} to {}").format(
                sql.Identifier(database), sql.Identifier(Role.TRANSFORM)
            )
        )
        for schema, owner in SCHEMA_OWNERS.items():
            connection.execute(
                sql.SQL("create schema if not exists {} authorization {}").format(
                    sql.Identifier(schema), sql.Identifier(owner)
                )
            )
        for role, schemas in SCHEMA_USAGE.items():
            for schema in schemas:
                connection.execute(
                    sql.SQL("grant usage on schema {} to {}").format(
                        sql.Identifier(schema), sql.Identifier(role)
                    )
                )
        for reader in (Role.READER, Role.SERVING):
            for target in ("all tables in schema marts", None):
                statement = (
                    sql.SQL("grant select on all tables in schema marts to {}")
                    if target
                    else sql.SQL(
                        "alter default privileges for role {owner} in schema marts"
                        " grant select on tables to {}"
                    )
                )
                connection.execute(
                    statement.format(sql.Identifier(reader), owner=sql.Identifier(Role.TRANSFORM))
                )
    _create_airflow_database(admin_dsn)


def apply_grants(owner_dsn: str) -> None:
    """Set the privileges on the tables and functions of ``raw`` and ``ops`` to what is listed.

    Args:
        owner_dsn: URL of the warehouse's database as :attr:`Role.OWNER`.
    """
    with connect(owner_dsn, name="footfall grants") as connection:
        for role in Role:
            for schema in ("raw", "ops"):
                connection.execute(
                    sql.SQL("revoke all on all tables in schema {} from {}").format(
                        sql.Identifier(schema), sql.Identifier(role)
                    )
                ) if role is not Role.OWNER else None
        for grant in TABLE_GRANTS:
            connection.execute(
                f"grant {grant.privileges} on {grant.table} to {grant.role}".encode()
            )
        for role, function in FUNCTION_GRANTS:
            connection.execute(f"revoke all on function {function} from public".encode())
            connection.execute(f"grant execute on function {function} to {role}".encode())


def _create_role(connection: Connection, role: Role, password: str) -> None:
    exists = connection.execute(
        "select 1 from pg_roles where rolname = %s", (str(role),)
    ).fetchone()
    if not exists:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("alter role {} with login password {}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )
    for name, value in ROLE_SETTINGS[role].items():
        connection.execute(
            sql.SQL("alter role {} set {} = {}").format(
                sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
            )
        )
    is_superuser = connection.execute(
        "select rolsuper from pg_roles where rolname = current_user"
    ).fetchone()
    if not (is_superuser and is_superuser[0]):
        # to create what the role owns, a plain administrator must be able to become the role
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _create_airflow_database(admin_dsn: str) -> None:
    with connect(admin_dsn, autocommit=True, name="footfall bootstrap") as connection:
        exists = connection.execute(
            "select 1 from pg_database where datname = %s", (AIRFLOW_DATABASE,)
        ).fetchone()
        if not exists:
            connection.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(AIRFLOW_DATABASE), sql.Identifier(Role.AIRFLOW)
                )
            )
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(
                sql.Identifier(AIRFLOW_DATABASE)
            )
        )
