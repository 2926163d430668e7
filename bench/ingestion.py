"""How fast events land: ``python -m bench.ingestion``.

Starts a Postgres of its own with durable commits, and ingestion as its own process; a third process
sends real HTTP. All three share this machine. The limit is what COPY alone does with the same rows,
from prepared bytes, into the same tables, ledger of ids included.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil

from bench._load import Measured
from ingestion.keys import create_key
from stack.postgres import EmbeddedPostgres
from warehouse.connections import connect, with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap
from warehouse.settings import PROJECT_ROOT

BATCH = 500
SECONDS = 10
CONNECTIONS = {"single": 64, "batch": 8}
COPY_ROWS = 5_000
COPY_ROUNDS = 20
_PASSWORD = "only-for-measuring"  # noqa: S105


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory(prefix="footfall-bench-") as name,
        _postgres(Path(name)) as owner,
    ):
        Path(name).chmod(0o711)
        limit = asyncio.run(_copy_rate(owner))
        with _ingestion(owner) as (url, key, process):
            start = _processor_seconds(process)
            single = _load(url, key, 1, CONNECTIONS["single"])
            between = _processor_seconds(process)
            batch = _load(url, key, BATCH, CONNECTIONS["batch"])
            end = _processor_seconds(process)
            memory = process.memory_info().rss / 1e6
        with connect(owner) as connection:
            row = connection.execute(
                "select (select count(*) from raw.events), (select sum(stored) from raw.loads)"
            ).fetchone()
    stored = single.events + batch.events + COPY_ROWS * COPY_ROUNDS
    assert row == (stored, stored), (row, stored)
    per_single = (between - start) / single.events * 1e6
    per_batched = (end - between) / batch.events * 1e6
    print(f"ingestion, on {os.cpu_count()} cores with Postgres and the sender")
    _print("COPY of the same rows, the limit", limit, "events/s")
    _print(
        f"batches of {BATCH}, {CONNECTIONS['batch']} connections",
        batch.rate,
        f"events/s, {batch.rate / limit:.2f} of the limit",
    )
    _print(
        f"single events, {CONNECTIONS['single']} connections",
        single.rate,
        f"events/s, p50 {single.p50_ms:.1f} ms, p99 {single.p99_ms:.1f} ms",
    )
    _print("processor time of an event in a batch", per_batched, "us in ingestion")
    _print("processor time of a single event", per_single, "us in ingestion")
    _print("resident memory", memory, "MB")


def _print(what: str, figure: float, unit: str) -> None:
    print(f"  {what:<40}{figure:>9,.0f} {unit}")


def make_event() -> dict[str, object]:
    """Return an event of some 300 bytes, with an id of its own."""
    number = uuid.uuid4().int
    return {
        "event_id": _time_ordered_id(),
        "category": "product",
        "event_type": "view",
        "user_id": f"user-{number % 50_000}",
        "session_id": f"session-{number % 200_000}",
        "entity_id": str(number % 10_000),
        "occurred_at": "2026-11-20T08:30:00.123Z",
        "context": {"page_path": f"/products/{number % 10_000}", "device": "mobile"},
        "properties": {"product_name": "Water bottle", "price": 29.99},
    }


def _time_ordered_id() -> str:
    head = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | 0b10 << 62
    return str(uuid.UUID(int=head | uuid.uuid4().int & 0x0FFF_3FFF_FFFF_FFFF_FFFF))


@contextmanager
def _postgres(directory: Path) -> Iterator[str]:
    directory.chmod(0o711)  # it runs as another user
    server = EmbeddedPostgres(directory / "postgres", _free_port())
    server.initialise()
    process = server.start()
    try:
        bootstrap(server.superuser_dsn, dict.fromkeys(Role, _PASSWORD))
        owner = with_credentials(server.superuser_dsn, user=Role.OWNER, password=_PASSWORD)
        upgrade(owner, partitions_ahead_days=3)
        yield owner
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _ingestion(owner: str) -> Iterator[tuple[str, str, psutil.Process]]:
    with connect(owner) as connection:
        key = create_key(connection, name="bench", source="bench")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestion"],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "FOOTFALL_INGEST_DSN": with_credentials(owner, user=Role.INGEST, password=_PASSWORD),
            "FOOTFALL_INGESTION_PORT": str(port),
            "FOOTFALL_PRIVACY_SECRET": _PASSWORD,
        },
    )
    try:
        while True:
            try:
                httpx.get(f"{url}/health/ready", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "ingestion ended"
                time.sleep(0.1)
        yield url, key, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _load(url: str, key: str, batch: int, connections: int) -> Measured:
    """Send events from a process of its own for :data:`SECONDS`."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench._load", url, key, str(batch), str(connections), str(SECONDS)],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Measured(**json.loads(answer.stdout))


async def _copy_rate(owner: str) -> float:
    """Return how many events a second COPY alone lands, in transactions of COPY_ROWS rows."""
    connection = await asyncpg.connect(owner)
    rounds = [_copy_texts([make_event() for _ in range(COPY_ROWS)]) for _ in range(COPY_ROUNDS)]
    columns = (
        "event_id", "visitor_id", "source", "category", "event_type", "user_id", "session_id",
        "entity_type", "entity_id", "occurred_at", "received_at", "load_id", "context",
        "properties",
    )  # fmt: skip
    started = time.perf_counter()
    for ids, rows in rounds:
        async with connection.transaction():
            await connection.copy_to_table("event_ids", schema_name="raw", source=_pieces(ids))
            await connection.copy_to_table(
                "events", schema_name="raw", columns=columns, source=_pieces(rows)
            )
            await connection.execute(
                "insert into raw.loads (origin, received, stored, duplicate, quarantined,"
                " suppressed, first_received_at, last_received_at)"
                f" values ('http', {COPY_ROWS}, {COPY_ROWS}, 0, 0, 0, now(), now())"
            )
    seconds = time.perf_counter() - started
    await connection.close()
    return COPY_ROWS * COPY_ROUNDS / seconds


def _copy_texts(events: Sequence[dict[str, object]]) -> tuple[bytes, bytes]:
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


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
