"""The ledger of loads: which have landed, which run has claimed them, and which are held.

A load goes from ``landed`` to ``claimed`` by a run, to ``admitted`` when the raw gate has passed
it, and to ``settled`` when the core has been built with it. One that the gate refuses is ``held``
until someone releases it. Only a run that holds the core lock moves loads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from warehouse.connections import Connection, connect


class Claim(NamedTuple):
    """What a core run has taken on: numbers of loads, and of the events in them."""

    loads: int
    events: int


class Load(NamedTuple):
    """A load that is not settled."""

    load_id: int
    received_at: datetime
    events: int
    state: str
    held_reason: str | None


class LedgerEntry(NamedTuple):
    """A load, whatever its state; ``events`` is what it stored."""

    load_id: int
    received_at: datetime
    origin: str
    state: str
    held_reason: str | None
    received: int
    events: int
    duplicate: int
    quarantined: int
    suppressed: int


def has_new_loads(dsn: str, domains: Sequence[str]) -> bool:
    """Tell, in one cheap query, whether a run of these domains would do anything.

    Args:
        dsn: URL of the warehouse as the pipeline's role.
        domains: Domains of marts.

    Returns:
        Whether loads wait for the core, or a domain is behind the core.
    """
    with connect(dsn, name="footfall has new loads") as connection:
        row = connection.execute(
            """
            select
                exists (
                    select from raw.loads
                    where state <> 'settled' and stored > 0 and state <> 'held'
                )
                or exists (
                    select
                    from unnest(%s::text[]) as wanted (domain)
                    left join ops.domain_progress as progress on wanted.domain = progress.domain
                    where coalesce(progress.core_run_id, 0) < coalesce(
                        (
                            select max(run_id) from ops.runs
                            where domain = 'core' and state = 'succeeded'
                        ), 0
                    )
                )
            """,
            (list(domains),),
        ).fetchone()
    assert row is not None
    return bool(row[0])


def are_waiting(connection: Connection) -> bool:
    """Tell whether any load waits for a core run; held ones do not."""
    return _any_in(connection, ["landed", "claimed", "admitted"])


def are_held(connection: Connection) -> bool:
    """Tell whether any load is held."""
    return _any_in(connection, ["held"])


def claim(connection: Connection, run_id: int) -> Claim:
    """Claim for a run every load whose events can all be seen.

    A load is visible to a reader before its events where the database is distributed, so that they
    are counted. Loads that a dead run left behind are claimed again; those that had already passed
    the gate need not pass it twice.

    Args:
        connection: Of the pipeline, in a run that holds the core lock.
        run_id: The run.

    Returns:
        The loads newly claimed, which the gate has to see.
    """
    connection.execute(
        "update raw.loads set run_id = %s where state = 'admitted' and stored > 0", (run_id,)
    )
    waiting = "state <> 'settled' and stored > 0 and state in ('landed', 'claimed')"
    return _move_visible(connection, waiting, {"state": "claimed", "run_id": run_id})


def reopen(connection: Connection, load_ids: Sequence[int], run_id: int | None = None) -> Claim:
    """Let settled loads be built again, without the gate, which they have passed.

    A load of which events have been dropped since stays as it is: what was built from them is kept.

    Args:
        connection: Of the pipeline, in a run that holds the core lock.
        load_ids: Which.
        run_id: The run that builds them; None: the next one does.

    Returns:
        How many loads were opened, and the events in them.
    """
    asked = "load_id = any(%(load_ids)s) and state = 'settled' and stored > 0"
    values = {"state": "admitted", "run_id": run_id, "load_ids": list(load_ids)}
    return _move_visible(connection, asked, values)


def admit(connection: Connection, run_id: int) -> None:
    """Let the loads that a run has claimed through: the raw gate has passed."""
    _move(connection, run_id, "claimed", "admitted")


def hold(connection: Connection, run_id: int, reasons: Mapping[int, str] | str) -> Claim:
    """Hold back loads that a run has claimed: the raw gate has failed.

    Args:
        connection: Of the pipeline, in a run that holds the core lock.
        run_id: The run.
        reasons: Why, by load; a single text where all are held.

    Returns:
        How many loads are held, and the events in them.
    """
    ids, texts = ([], [reasons]) if isinstance(reasons, str) else (list(reasons), reasons.values())
    row = connection.execute(
        """
        with held as (
            update raw.loads set
                state = 'held',
                held_reason = coalesce(
                    (%(texts)s::text[])[array_position(%(ids)s::bigint[], load_id)],
                    (%(texts)s::text[])[1]
                )
            where
                state = 'claimed' and stored > 0 and run_id = %(run_id)s
                and (%(ids)s::bigint[] = '{}' or load_id = any(%(ids)s::bigint[]))
            returning stored
        )
        select count(*), coalesce(sum(stored), 0) from held
        """,
        {"run_id": run_id, "ids": ids, "texts": list(texts)},
    ).fetchone()
    assert row is not None
    return Claim(loads=int(row[0]), events=int(row[1]))


def settle(connection: Connection, run_id: int) -> int:
    """Settle the loads that a run has built into the core.

    Returns:
        How many loads were settled.
    """
    return _move(connection, run_id, "admitted", "settled")


def admitted(connection: Connection, run_id: int) -> Claim:
    """Return how much a run has to build."""
    row = connection.execute(
        "select count(*), coalesce(sum(stored), 0) from raw.loads"
        " where state = 'admitted' and stored > 0 and run_id = %s",
        (run_id,),
    ).fetchone()
    assert row is not None
    return Claim(loads=int(row[0]), events=int(row[1]))


def release(connection: Connection, load_ids: Sequence[int] | None = None) -> int:
    """Let held loads through without the gate; the next run builds them.

    Args:
        connection: Of the pipeline.
        load_ids: Which; all that are held where None.

    Returns:
        How many loads were released.
    """
    cursor = connection.execute(
        "update raw.loads set state = 'admitted', held_reason = null"
        " where state = 'held' and (%s::bigint[] is null or load_id = any(%s))",
        (load_ids, load_ids),
    )
    return cursor.rowcount


def unsettled(connection: Connection, limit: int = 1000, *, only_held: bool = False) -> list[Load]:
    """Return the oldest loads that wait, are claimed or are held; or those alone that are held."""
    rows = connection.execute(
        "select load_id, received_at, stored, state, held_reason from raw.loads"
        " where state <> 'settled' and stored > 0 and (state = 'held' or not %s)"
        " order by load_id limit %s",
        (only_held, limit),
    ).fetchall()
    return [Load(*row) for row in rows]


def find_load(connection: Connection, load_id: int) -> LedgerEntry | None:
    """Return a load by its number; None where there is none."""
    row = connection.execute(
        "select load_id, received_at, origin, state, held_reason, received, stored, duplicate,"
        " quarantined, suppressed from raw.loads where load_id = %s",
        (load_id,),
    ).fetchone()
    return None if row is None else LedgerEntry(*row)


def _move_visible(connection: Connection, which: str, values: Mapping[str, object]) -> Claim:
    """Move the loads for which a condition holds and whose events can all be seen."""
    row = connection.execute(
        f"""
        with asked as (
            select load_id, stored, first_received_at, last_received_at
            from raw.loads
            where {which}
        ),
        visible as (
            select load_id, count(*) as events
            from raw.events
            where
                received_at >= (select min(first_received_at) from asked)
                and received_at <= (select max(last_received_at) from asked)
                and load_id in (select load_id from asked)
            group by load_id
        ),
        moved as (
            update raw.loads set state = %(state)s, run_id = %(run_id)s
            where load_id in (
                select asked.load_id
                from asked inner join visible on asked.load_id = visible.load_id
                where asked.stored = visible.events
            )
            returning stored
        )
        select count(*), coalesce(sum(stored), 0) from moved
        """.encode(),  # noqa: S608 - conditions of this module
        values,
    ).fetchone()
    assert row is not None
    return Claim(loads=int(row[0]), events=int(row[1]))


def _move(connection: Connection, run_id: int, before: str, after: str) -> int:
    cursor = connection.execute(
        "update raw.loads set state = %s, held_reason = null"
        " where state = %s and stored > 0 and run_id = %s",
        (after, before, run_id),
    )
    return cursor.rowcount


def _any_in(connection: Connection, states: Sequence[str]) -> bool:
    row = connection.execute(
        "select exists (select from raw.loads"
        " where state <> 'settled' and stored > 0 and state = any(%s))",
        (states,),
    ).fetchone()
    assert row is not None
    return bool(row[0])
