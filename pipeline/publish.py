"""Replaces the published rows of a domain's marts by their candidates, all in one transaction.

Until then the marts stay as they were, and after it people see all marts of the domain in their new
state at once. Rows that did not change are not written.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from pipeline.dbt import Mart
from warehouse.connections import Connection

PUBLISHED = "marts"
CANDIDATE = "marts_candidate"


def publish(connection: Connection, marts: Sequence[Mart]) -> dict[str, int]:
    """Replace what was touched of each mart.

    Args:
        connection: Of the pipeline, in a transaction that the caller commits.
        marts: The marts of one domain, whose candidates have been built and have passed the gate.

    Returns:
        Rows written, by mart.
    """
    return {mart.name: _publish(connection, mart) for mart in marts}


def _publish(connection: Connection, mart: Mart) -> int:
    published = sql.Identifier(PUBLISHED, mart.name)
    candidate = sql.Identifier(CANDIDATE, mart.name)
    touched_name = f"{mart.name}__touched"
    if _columns(connection, PUBLISHED, mart.name) != list(mart.columns):
        connection.execute(sql.SQL("drop table if exists {}").format(published))
        connection.execute(
            sql.SQL("create table {} (like {} including all)").format(published, candidate)
        )
        comment = connection.execute(
            "select obj_description(%s::regclass)", (f"{CANDIDATE}.{mart.name}",)
        ).fetchone()
        assert comment is not None
        connection.execute(
            sql.SQL("comment on table {} is {}").format(published, sql.Literal(comment[0]))
        )
    columns = sql.SQL(", ").join(map(sql.Identifier, mart.columns))
    touched = _columns(connection, CANDIDATE, touched_name)
    if touched:
        keys = touched
        scope = sql.SQL("select {keys} from {touched}").format(
            keys=sql.SQL(", ").join(map(sql.Identifier, keys)),
            touched=sql.Identifier(CANDIDATE, touched_name),
        )
        before = sql.SQL("select {columns} from {published} where ({keys}) in ({scope})").format(
            columns=columns,
            published=published,
            keys=sql.SQL(", ").join(map(sql.Identifier, keys)),
            scope=scope,
        )
    else:
        before = sql.SQL("select {columns} from {published}").format(
            columns=columns, published=published
        )
    key = sql.SQL(", ").join(map(sql.Identifier, _primary_key(connection, mart.name)))
    after = sql.SQL("select {columns} from {candidate}").format(
        columns=columns, candidate=candidate
    )
    connection.execute(
        sql.SQL(
            "delete from {published} where ({key}) in"
            " (select {key} from ({before} except {after}) as gone)"
        ).format(published=published, key=key, before=before, after=after)
    )
    written = connection.execute(
        sql.SQL("insert into {published} ({columns}) ({after} except {before})").format(
            published=published, columns=columns, before=before, after=after
        )
    ).rowcount
    for name in (mart.name, touched_name):
        connection.execute(
            sql.SQL("drop table if exists {}").format(sql.Identifier(CANDIDATE, name))
        )
    return written


def _columns(connection: Connection, schema: str, table: str) -> list[str]:
    rows = connection.execute(
        "select column_name from information_schema.columns"
        " where table_schema = %s and table_name = %s order by ordinal_position",
        (schema, table),
    ).fetchall()
    return [row[0] for row in rows]


def _primary_key(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "select attname from pg_index"
        " inner join pg_attribute on attrelid = indrelid and attnum = any(indkey)"
        " where indisprimary and indrelid = %s::regclass order by attnum",
        (f"{CANDIDATE}.{table}",),
    ).fetchall()
    return [row[0] for row in rows]
