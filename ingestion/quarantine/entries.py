"""The rows of ``raw.quarantine``: summed up, read, worked through, and settled without replay."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeVar

import asyncpg

from ingestion.event import NAMESPACE
from ingestion.quarantine import queries
from ingestion.quarantine.selection import OPEN, Selection
from warehouse.errors import OperatorError

T = TypeVar("T")
Notify = Callable[[int, int], None]

_CONNECT_SECONDS = 10
_COMMAND_SECONDS = 300  # also waits for another replay's transaction
_ATTEMPTS_AFTER_DEADLOCK = 5
_GROUP_EVENTS = 1_000
_GROUP_BYTES = 16_000_000
_IDS = uuid.uuid5(NAMESPACE, "quarantine")


class Entry(NamedTuple):
    """One row of ``raw.quarantine``."""

    quarantine_id: int
    load_id: int
    received_at: dt.datetime
    source: str
    event_id: str | None
    category: str | None
    event_type: str | None
    reason: str
    field: str | None
    message: str
    payload: str
    dialect: str
    event: str | None
    endpoint: str | None
    sender: str | None
    state: str
    settled_at: dt.datetime | None
    replay_load_id: int | None

    @property
    def derived_id(self) -> str:
        """The id under which its event counts where its sender gave none: always the same."""
        name = f"{self.quarantine_id} {self.load_id} {self.received_at.timestamp()}"
        return str(uuid.uuid5(_IDS, name))


class Group(NamedTuple):
    """Events that are in quarantine for the same reason."""

    source: str
    category: str | None
    event_type: str | None
    reason: str
    field: str | None
    events: int
    first_received_at: dt.datetime
    last_received_at: dt.datetime
    example_id: int
    message: str


def ignore(done: int, total: int) -> None:
    """Take no notice of how far something is."""


@asynccontextmanager
async def open_quarantine(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection for work on the quarantine for the duration of a block.

    Args:
        dsn: URL of the warehouse's database as the owner.

    Raises:
        OperatorError: Postgres is away or refuses the log-in, or it went away meanwhile.
    """
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings={"application_name": "footfall quarantine"},
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise OperatorError(
            f"the database cannot be reached: {error}. `footfall status` tells more."
        ) from error
    try:
        yield connection
        await connection.close()
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise OperatorError(
            f"the database went away: {error}. Run the command again: nothing is done twice."
        ) from error
    finally:
        connection.terminate()


async def count(connection: asyncpg.Connection, selection: Selection) -> int:
    """Return how many events are meant."""
    found: int = await connection.fetchval(queries.COUNT, *selection.values())
    return found if selection.limit is None else min(found, selection.limit)


async def summarise(connection: asyncpg.Connection, selection: Selection) -> list[Group]:
    """Return the events that are meant, grouped; the largest group first.

    The selection's limit is one of groups.
    """
    rows = await connection.fetch(queries.GROUPS, *selection.values(), selection.limit)
    return [Group(*row) for row in rows]


async def newest(connection: asyncpg.Connection, selection: Selection) -> list[Entry]:
    """Return the events that are meant, the newest first."""
    rows = await connection.fetch(queries.NEWEST, *selection.values(), selection.limit)
    return [Entry(*row) for row in rows]


async def by_ids(connection: asyncpg.Connection, ids: Sequence[int]) -> list[Entry]:
    """Return events by their numbers, whatever their state.

    Raises:
        OperatorError: One is not there.
    """
    entries = [Entry(*row) for row in await connection.fetch(queries.BY_ID, list(ids))]
    missing = sorted(set(ids) - {entry.quarantine_id for entry in entries})
    if missing:
        raise OperatorError(
            f"There is nothing in quarantine under {', '.join(map(str, missing))}: "
            "`footfall quarantine list --each` shows the numbers."
        )
    return entries


async def check_open(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    """Make sure that events, given by their numbers, are not settled yet.

    Raises:
        OperatorError: One is not there, or settled.
    """
    settled = [entry for entry in await by_ids(connection, ids) if entry.state != OPEN]
    if settled:
        names = ", ".join(f"{entry.quarantine_id} ({entry.state})" for entry in settled)
        raise OperatorError(f"Settled already, and so not to be changed: {names}.")


async def work_through(
    connection: asyncpg.Connection,
    selection: Selection,
    work: Callable[[list[Entry]], Awaitable[T]],
    notify: Notify = ignore,
) -> AsyncIterator[T]:
    """Do something with all events that are meant, group by group, each in its own transaction.

    What comes into quarantine meanwhile is left alone. The rows of a group are locked, so that of
    two who work at the same time each row is one's alone; whoever comes second waits, and finds it
    settled.

    Args:
        connection: Of the owner.
        selection: Which events.
        work: Takes the events of a group, inside its transaction. It is called again with the same
            group where its transaction met another one's.
        notify: Told how many are done, and how many there are.

    Yields:
        What ``work`` returned, once it is committed.
    """
    last = await connection.fetchval(queries.LAST_ID)
    total = await count(connection, selection)
    done = after = 0
    while done < total:
        limit = min(_GROUP_EVENTS, total - done)
        found = await connection.fetch(
            queries.NEXT_IDS, *selection.values(), after, last, limit, _GROUP_BYTES
        )
        if not found:
            return
        ids = [row[0] for row in found]
        yield await _retrying(connection, ids, selection.state, work)
        after = ids[-1]
        done += len(ids)
        notify(done, total)


async def _retrying(
    connection: asyncpg.Connection,
    ids: Sequence[int],
    state: str | None,
    work: Callable[[list[Entry]], Awaitable[T]],
) -> T:
    attempts = 0
    while True:
        try:
            async with connection.transaction():
                rows = await connection.fetch(queries.LOCKED, ids, state)
                return await work([Entry(*row) for row in rows])
        except asyncpg.DeadlockDetectedError:
            attempts += 1
            if attempts == _ATTEMPTS_AFTER_DEADLOCK:
                raise


async def discard(connection: asyncpg.Connection, selection: Selection) -> int:
    """Settle events that are open without replaying them; what they say is kept.

    Returns:
        How many.
    """
    done: str = await connection.execute(queries.DISCARD, *selection.values(), selection.limit)
    return int(done.rpartition(" ")[2])
