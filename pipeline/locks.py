"""One writer for each table: advisory locks in Postgres that end with their holder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from warehouse.connections import connect
from warehouse.errors import OperatorError

_SPACE = 0x666F6F74  # "foot": keeps our locks apart from other people's in the same database


class LockTimeoutError(OperatorError):
    """Another run held the lock for longer than we were ready to wait."""


@contextmanager
def lock(dsn: str, name: str, *, shared: bool = False, timeout: float = 1800) -> Iterator[None]:
    """Hold a named lock for the duration of a ``with`` block.

    A process that dies, or whose connection breaks, loses its locks at once; a lock is never left
    behind.

    Args:
        dsn: URL of the warehouse as the pipeline's role.
        name: What is locked: a domain.
        shared: Let others hold it too, if they also ask for a shared one.
        timeout: Seconds to wait for it.

    Raises:
        LockTimeoutError: It was not to be had in time.
        psycopg.OperationalError: Postgres is away.
    """
    function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    with connect(dsn, autocommit=True, name=f"footfall lock {name}") as connection:
        deadline = time.monotonic() + timeout
        pause = 0.05
        while True:
            row = connection.execute(
                f"select {function}(%s, hashtext(%s))".encode(), (_SPACE, name)
            ).fetchone()
            if row is not None and row[0]:
                break
            if time.monotonic() > deadline:
                raise LockTimeoutError(
                    f"another run of {name} has not ended within {timeout:.0f} s: "
                    f"{_holder(connection, name)}"
                )
            time.sleep(pause)
            pause = min(pause * 2, 2)
        yield


def _holder(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str:
    row = connection.execute(
        "select activity.pid, activity.client_addr, activity.backend_start"
        " from pg_locks inner join pg_stat_activity as activity using (pid)"
        " where locktype = 'advisory' and granted"
        " and classid = %s and objid = hashtext(%s)::oid",
        (_SPACE, name),
    ).fetchone()
    if row is None:
        return "it has ended just now"
    return f"it is held by Postgres process {row[0]} since {row[2]}"
