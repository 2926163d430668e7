"""Candidate marts as dbt would build them: the columns are those of its contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import yaml
from psycopg import sql

from tests.conftest import Warehouse
from warehouse.connections import Connection, connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt_project" / "models" / "marts"


@cache
def contract(domain: str, mart: str) -> dict[str, str]:
    """Return the columns of a mart with their types."""
    model = yaml.safe_load((MARTS / domain / f"{mart}.yml").read_text())["models"][0]
    return {column["name"]: column["data_type"] for column in model["columns"]}


def is_number(type_: str) -> bool:
    """Tell whether a column of this type holds counts or measures."""
    return type_.startswith(("bigint", "integer", "numeric"))


def build(
    connection: Connection,
    domain: str,
    mart: str,
    rows: Sequence[Mapping[str, object]],
    *,
    schema: str = "marts_candidate",
) -> None:
    """Create a mart with these rows, without the constraints that dbt gives it.

    Numbers that a row leaves out are 0, truth values false, all else null.
    """
    columns = contract(domain, mart)
    table = sql.Identifier(schema, mart)
    connection.execute(sql.SQL("drop table if exists {}").format(table))
    connection.execute(
        sql.SQL("create table {} ({})").format(
            table,
            sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
                for name, type_ in columns.items()
            ),
        )
    )
    for row in rows:
        assert row.keys() <= columns.keys()
        values = [
            row.get(name, 0 if is_number(type_) else False if type_ == "boolean" else None)
            for name, type_ in columns.items()
        ]
        connection.execute(
            sql.SQL("insert into {} values ({})").format(
                table, sql.SQL(", ").join([sql.Placeholder()] * len(values))
            ),
            values,
        )


def rebuild(
    warehouse: Warehouse,
    domain: str,
    mart: str,
    rows: Sequence[Mapping[str, object]],
    *,
    schema: str = "marts_candidate",
) -> None:
    """Create a mart as :func:`build` does, in a transaction of its own."""
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        build(connection, domain, mart, rows, schema=schema)


def change(warehouse: Warehouse, statement: str) -> None:
    """Run a statement as the pipeline."""
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(statement.encode())
