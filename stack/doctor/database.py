"""What may be wrong with the warehouse's database."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import psycopg
from alembic.script import ScriptDirectory

from pipeline.partitions import missing_partitions
from stack.doctor.subject import Check, Problem, Subject
from stack.state import DSN_VARIABLES
from warehouse.connections import Connection, connect, describe
from warehouse.migrate import alembic_config
from warehouse.roles import TABLE_GRANTS, Role

LEAST_VERSION = 15
LARGEST_CLOCK_DIFFERENCE = dt.timedelta(seconds=2)
_MIGRATE = "`make up`, or `footfall migrate` in containers"
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?(?:, |$)")
# What no role may be able to do, whatever somebody granted by hand.
_FORBIDDEN = (
    (Role.INGEST, "marts"),
    (Role.READER, "raw"),
    (Role.READER, "ops"),
    (Role.READER, "intermediate"),
    (Role.SERVING, "intermediate"),
)


def database_answers(subject: Subject) -> Iterator[Problem]:
    """Find a Postgres that does not answer, is too old, or has another clock."""
    dsn = subject.settings.require("owner_dsn")
    try:
        with connect(dsn, name="footfall doctor") as connection:
            before = dt.datetime.now(dt.UTC)
            row = connection.execute(
                "select current_setting('server_version_num')::integer, clock_timestamp()"
            ).fetchone()
            after = dt.datetime.now(dt.UTC)
    except psycopg.OperationalError as error:
        yield Problem(
            f"{describe(dsn)} does not answer: {str(error).strip().splitlines()[-1]}",
            "`make up` starts the embedded Postgres; is yours up, and does FOOTFALL_DATABASE_URL "
            "lead to it?",
        )
        return
    assert row is not None
    number, clock = row
    if number // 10_000 < LEAST_VERSION:
        yield Problem(
            f"Postgres is version {number // 10_000}", f"upgrade it to {LEAST_VERSION} or later"
        )
    difference = max(before - clock, clock - after)
    if difference > LARGEST_CLOCK_DIFFERENCE:
        yield Problem(
            f"the clocks of this machine and of Postgres are {difference.total_seconds():,.0f} s "
            "apart",
            "let NTP set both; times of receipt come from either",
        )


def roles_can_log_in(subject: Subject) -> Iterator[Problem]:
    """Find roles that cannot log in, or may do everything."""
    for variable, role in DSN_VARIABLES.items():
        field = variable.removeprefix("FOOTFALL_").lower()
        if getattr(subject.settings, field) is None:
            continue
        try:
            with connect(subject.settings.require(field), name="footfall doctor") as connection:
                row = connection.execute(
                    "select current_user::text, rolsuper from pg_roles where rolname = current_user"
                ).fetchone()
        except psycopg.OperationalError as error:
            yield Problem(
                f"{role} cannot log in: {str(error).strip().splitlines()[-1]}",
                f"{_MIGRATE}, which sets the roles and passwords that {variable} has",
            )
            continue
        assert row is not None
        if row[1]:
            yield Problem(
                f"{variable} connects as {row[0]}, who may do everything",
                f"let it connect as {role}; `make up` writes such DSNs",
            )


def grants_are_those_of_the_code(subject: Subject) -> Iterator[Problem]:
    """Find privileges that roles lack, or that they should not have."""
    with connect(subject.settings.require("owner_dsn"), name="footfall doctor") as connection:
        missing = [
            f"{grant.role} may not {privilege} {grant.table}"
            for grant in TABLE_GRANTS
            for privilege in _lacking(connection, grant.role, grant.privileges, grant.table)
        ]
        if missing:
            more = f"; and {len(missing) - 3} more" if len(missing) > 3 else ""
            yield Problem("; ".join(missing[:3]) + more, _MIGRATE)
        for role, schema in _FORBIDDEN:
            row = connection.execute(
                """
                select min(oid::regclass::text) from pg_class
                where relnamespace = to_regnamespace(%(schema)s) and relkind in ('r', 'p', 'v')
                    and has_schema_privilege(%(role)s, relnamespace, 'usage')
                    and has_table_privilege(%(role)s, oid, 'select')
                """,
                {"role": str(role), "schema": schema},
            ).fetchone()
            if row is not None and row[0] is not None:
                yield Problem(
                    f"{role} may read {row[0]}, which is none of its business",
                    f"take the right to read tables of {schema} from {role}",
                )


def migrations_are_current(subject: Subject) -> Iterator[Problem]:
    """Find a schema of another version than the code."""
    dsn = subject.settings.require("owner_dsn")
    head = ScriptDirectory.from_config(alembic_config(dsn)).get_current_head()
    with connect(dsn, name="footfall doctor") as connection:
        there = connection.execute("select to_regclass('ops.alembic_version')").fetchone()
        if there == (None,):
            yield Problem("the warehouse has no tables", _MIGRATE)
            return
        row = connection.execute("select version_num from ops.alembic_version").fetchone()
    current = row[0] if row else "none"
    if current != head:
        yield Problem(f"the schema is of migration {current}, and the code of {head}", _MIGRATE)


def partitions_are_ahead(subject: Subject) -> Iterator[Problem]:
    """Find days without a partition, and events that wait for one."""
    with connect(subject.settings.require("owner_dsn"), name="footfall doctor") as connection:
        missing = missing_partitions(connection)
        row = connection.execute("select count(*) from raw.events_default").fetchone()
    if missing:
        yield Problem(
            f"raw.events has no partition for {', '.join(map(str, missing))}; no event is lost, "
            "but they are slow to read",
            f"{_MIGRATE}, which makes them",
        )
    if row is not None and row[0]:
        yield Problem(
            f"{row[0]:,} events are in raw.events_default, for their days have no partition",
            f"{_MIGRATE} moves those of the days to come; retention removes old ones in time",
        )


def _lacking(connection: Connection, role: Role, privileges: str, table: str) -> Iterator[str]:
    """Yield the privileges of a grant that a role does not have."""
    if table.startswith("sequence "):
        name = table.removeprefix("sequence ")
        row = connection.execute(
            "select has_sequence_privilege(%s, %s, %s)", (str(role), name, privileges)
        ).fetchone()
        if row != (True,):
            yield privileges
        return
    for privilege, columns in _PRIVILEGE.findall(privileges):
        for column in filter(None, re.split(r",\s*", columns)):
            row = connection.execute(
                "select has_column_privilege(%s, %s, %s, %s)",
                (str(role), table, column, privilege),
            ).fetchone()
            if row != (True,):
                yield f"{privilege} {column} of"
        if not columns:
            row = connection.execute(
                "select has_table_privilege(%s, %s, %s)", (str(role), table, privilege)
            ).fetchone()
            if row != (True,):
                yield privilege


CHECKS = (
    Check("roles can log in", roles_can_log_in, needs_database=True),
    Check("the schema is that of the code", migrations_are_current, needs_database=True),
    Check("privileges are those of the code", grants_are_those_of_the_code, needs_database=True),
    Check("partitions are ahead", partitions_are_ahead, needs_database=True),
)
