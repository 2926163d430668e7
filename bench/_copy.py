"""The limit: what COPY alone does with the same rows, from prepared files, into the same tables."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence

import asyncpg

from bench._formats import make_event
from warehouse.connections import connect

ROWS = 5_000
_MILLION = 1_000_000
_HISTORY = """
with
made as materialized (
    select uuidv7() as event_id, number from generate_series(1, %s) as given (number)
),
load as (
    insert into raw.loads (
        origin, received, stored, duplicate, quarantined, suppressed,
        first_received_at, last_received_at
    )
    select 'http', count(*), count(*), 0, 0, 0, now(), now() from made
    returning load_id
),
ids as (
    insert into raw.event_ids (event_id, load_id) select event_id, load_id from made, load
)
insert into raw.events (
    event_id, visitor_id, source, category, event_type, user_id, session_id, entity_type,
    entity_id, occurred_at, received_at, load_id, context, properties
)
select
    event_id, 'user-' || number %% 50000, 'bench', 'product', 'view', 'user-' || number %% 50000,
    'session-' || number %% 200000, 'product', number %% 10000, now(), now(), load_id,
    '{"page_path": "/products/17", "device": "mobile"}',
    '{"product_name": "Water bottle", "price": 29.99}'
from made, load
"""
_COLUMNS = (
    "event_id", "visitor_id", "source", "category", "event_type", "user_id", "session_id",
    "entity_type", "entity_id", "occurred_at", "received_at", "load_id", "context", "properties",
)  # fmt: skip


def copy_events(owner: str, rounds: int) -> float:
    """Land events by COPY, the ledger of ids included, in transactions of :data:`ROWS` rows.

    Args:
        owner: DSN of the warehouse's owner.
        rounds: How many transactions.

    Returns:
        Events a second; making the texts is not counted.
    """
    return asyncio.run(_copy(owner, rounds))


def add_history(owner: str, events: int) -> None:
    """Store events that Postgres makes up by itself, in transactions of a million.

    What Postgres does by itself some time after so many rows is done at once, so that it does not
    fall into what is measured next.

    Args:
        owner: DSN of the warehouse's owner.
        events: How many.
    """
    with connect(owner, autocommit=True) as connection:
        for start in range(0, events, _MILLION):
            connection.execute(_HISTORY, (min(_MILLION, events - start),))
        connection.execute("vacuum (analyze) raw.events, raw.event_ids")


async def _copy(owner: str, rounds: int) -> float:
    connection = await asyncpg.connect(owner)
    seconds = 0.0
    try:
        for _ in range(rounds):
            ids, rows = _texts([make_event() for _ in range(ROWS)])
            started = time.perf_counter()
            async with connection.transaction():
                await connection.copy_to_table("event_ids", schema_name="raw", source=_pieces(ids))
                await connection.copy_to_table(
                    "events", schema_name="raw", columns=_COLUMNS, source=_pieces(rows)
                )
                await connection.execute(
                    "insert into raw.loads (origin, received, stored, duplicate, quarantined,"
                    " suppressed, first_received_at, last_received_at)"
                    " values ('http', $1, $1, 0, 0, 0, now(), now())",
                    ROWS,
                )
            seconds += time.perf_counter() - started
    finally:
        await connection.close()
    return ROWS * rounds / seconds


def _texts(events: Sequence[dict[str, object]]) -> tuple[bytes, bytes]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    ids = "".join(f"{event['event_id']}\t1\n" for event in events)
    rows = "".join(
        "\t".join(
            map(
                str,
                (
                    event["event_id"], event["user_id"], "bench", "product", "view",
                    event["user_id"], event["session_id"], "product", event["entity_id"],
                    event["occurred_at"], now, 1, json.dumps(event["context"]),
                    json.dumps(event["properties"]),
                ),
            )
        )
        + "\n"
        for event in events
    )  # fmt: skip
    return ids.encode(), rows.encode()


async def _pieces(text: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in itertools.count(0, size):
        if start >= len(text):
            return
        yield text[start : start + size]
