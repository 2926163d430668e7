"""Takes errors off the list that have long been resolved. The daily figures go on counting them."""

from __future__ import annotations

import datetime as dt

from pipeline.domains import CORE
from pipeline.locks import lock
from pipeline.retention.grains import prepare_grains
from pipeline.retention.removals import Removal, note_removal
from warehouse.connections import Connection

ERRORS_AT_ONCE = 1_000
_DUE = """
select error_id from marts.errors
where is_resolved and resolved_at < %s
order by error_id
"""
# From then on the rows stay as they are: a full refresh must not list the error again.
_CLEAN = (
    """
    insert into intermediate.int_retired_entity_days
    select distinct 'error', entity_id, occurred_date from intermediate.int_error_events
    where entity_id = any(%(ids)s)
    on conflict do nothing
    """,
    """
    update intermediate.int_error_events
    set is_listed = false, user_id = null, url = null, stack_trace = null
    where entity_id = any(%(ids)s)
    """,
    "delete from marts.errors where error_id = any(%(ids)s)",
)


def describe_resolved_errors(connection: Connection, before: dt.datetime) -> Removal | None:
    """Return which errors would go off the list; None where none is due.

    Args:
        connection: Of the pipeline.
        before: Errors that were resolved before are old.
    """
    row = connection.execute("select to_regclass('marts.errors') is not null").fetchone()
    if row != (True,):
        return None
    row = connection.execute(
        "select count(*), min(resolved_at), max(resolved_at) from marts.errors"
        " where is_resolved and resolved_at < %s",
        (before,),
    ).fetchone()
    assert row is not None
    count, oldest, newest = row
    return Removal("marts.errors", count, oldest=oldest, newest=newest) if count else None


def remove_resolved_errors(connection: Connection, dsn: str, before: dt.datetime) -> Removal | None:
    """Take errors off the list that were resolved long ago.

    Args:
        connection: Of the pipeline, with autocommit.
        dsn: URL of the warehouse as the pipeline's role.
        before: Errors that were resolved before are old.

    Returns:
        What was removed; None where nothing was due.

    Raises:
        LockTimeoutError: A run did not end in time.
    """
    with lock(dsn, CORE):
        due = describe_resolved_errors(connection, before)
        if due is None:
            return None
        prepare_grains(connection)
        ids = [row[0] for row in connection.execute(_DUE.encode(), (before,)).fetchall()]
        for start in range(0, len(ids), ERRORS_AT_ONCE):
            with connection.transaction():
                batch = {"ids": ids[start : start + ERRORS_AT_ONCE]}
                for statement in _CLEAN:
                    connection.execute(statement.encode(), batch)
        note_removal(connection, due)
    return due
