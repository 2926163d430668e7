"""What ``ops`` remembers of runs: how far the core and each domain are, and how each run ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from pipeline.domains import mart_domains
from warehouse.connections import Connection

TOUCHED = (
    "int_session_windows",
    "int_touched_entity_days",
    "int_touched_grains",
    "int_touched_visitor_days",
)


class CoreState(NamedTuple):
    """How far the core is.

    Attributes:
        settled_run: Last core run that succeeded; 0 before the first.
        full_run: Last of those that was a full refresh; 0 before the first.
        is_consistent: Whether the last one that built anything succeeded.
        owes_full_refresh: Whether the last one that built anything was a full refresh, and failed.
    """

    settled_run: int
    full_run: int
    is_consistent: bool
    owes_full_refresh: bool


def core_state(connection: Connection) -> CoreState:
    """Return how far the core is."""
    row = connection.execute(
        """
        with builds as (
            select run_id, state, is_full_refresh from ops.runs
            where domain = 'core' and state <> 'held'
        ),
        last_build as (
            select * from builds order by run_id desc limit 1
        )
        select
            coalesce((select max(run_id) from builds where state = 'succeeded'), 0),
            coalesce(
                (select max(run_id) from builds where state = 'succeeded' and is_full_refresh), 0
            ),
            coalesce((select state = 'succeeded' from last_build), true),
            coalesce((select state <> 'succeeded' and is_full_refresh from last_build), false)
        """
    ).fetchone()
    assert row is not None
    return CoreState(*row)


def published_run(connection: Connection, domain: str) -> int | None:
    """Return the core run up to which a domain has published; None before it ever has."""
    row = connection.execute(
        "select core_run_id from ops.domain_progress where domain = %s", (domain,)
    ).fetchone()
    return None if row is None else int(row[0])


def record_publication(connection: Connection, domain: str, core_run_id: int) -> None:
    """Note that a domain has published everything up to a core run."""
    connection.execute(
        "insert into ops.domain_progress (domain, core_run_id) values (%s, %s)"
        " on conflict (domain) do update"
        " set core_run_id = excluded.core_run_id, published_at = excluded.published_at",
        (domain, core_run_id),
    )


def forget_published_touches(connection: Connection) -> None:
    """Drop the touched grains that every domain has published, and none therefore reads again."""
    row = connection.execute(
        "select min(progress.core_run_id) from unnest(%s::text[]) as known (domain)"
        " left join ops.domain_progress as progress on known.domain = progress.domain"
        " having count(progress.domain) = count(*)",
        (mart_domains(),),
    ).fetchone()
    if row is None:
        return
    for table in TOUCHED:
        exists = connection.execute(
            "select to_regclass(%s) is not null", (f"intermediate.{table}",)
        ).fetchone()
        if exists == (True,):
            connection.execute(
                sql.SQL("delete from {} where run_id <= %s").format(
                    sql.Identifier("intermediate", table)
                ),
                row,
            )


def open_run(connection: Connection, domain: str, *, trigger: str, is_full_refresh: bool) -> int:
    """Note that a run has begun.

    Returns:
        Its id, above that of every run of the domain before.
    """
    row = connection.execute(
        "insert into ops.runs (domain, trigger, is_full_refresh) values (%s, %s, %s)"
        " returning run_id",
        (domain, trigger, is_full_refresh),
    ).fetchone()
    assert row is not None
    return int(row[0])


def close_run(
    connection: Connection,
    run_id: int,
    state: str,
    *,
    reason: str | None = None,
    loads: int | None = None,
    events: int | None = None,
    rows: Mapping[str, int] | None = None,
) -> None:
    """Note how a run has ended.

    Args:
        connection: Of the run.
        run_id: The run.
        state: ``succeeded``, ``failed`` or ``held``.
        reason: Why it failed or was held.
        loads: Loads that it built.
        events: Events in them.
        rows: Rows written, by mart.
    """
    detail: dict[str, object] = {}
    if reason is not None:
        detail["reason"] = reason
    if rows is not None:
        detail["rows"] = dict(rows)
    connection.execute(
        "update ops.runs set state = %s, finished_at = clock_timestamp(), loads = %s, events = %s,"
        " detail = %s where run_id = %s",
        (state, loads, events, Jsonb(detail), run_id),
    )


def bury_dead_runs(connection: Connection, domain: str) -> None:
    """Mark as failed what says that it is running: who holds the domain's lock is the only one."""
    connection.execute(
        "update ops.runs set state = 'failed', finished_at = clock_timestamp(),"
        " detail = jsonb_build_object('reason', 'the process ended without a word')"
        " where domain = %s and state = 'running'",
        (domain,),
    )
