"""What a test holds the warehouse against: what was sent, what landed, whether it adds up."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
import psutil
from psycopg.rows import dict_row

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role

Row = dict[str, Any]


def page_view(**fields: object) -> dict[str, object]:
    """Return a valid event with an id of its own, as JSON has it."""
    return {
        "event_id": str(uuid.uuid4()),
        "category": "user",
        "event_type": "page_view",
        "user_id": "u1",
        **fields,
    }


def query(warehouse: Warehouse, statement: str, *values: object) -> list[Row]:
    """Return the rows of a query, as the owner."""
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(statement.encode(), values).fetchall()


def stored(warehouse: Warehouse, event_id: object) -> Row:
    """Return the one row of an event."""
    (row,) = query(warehouse, "select * from raw.events where event_id = %s", event_id)
    return row


def quarantined(warehouse: Warehouse, event_id: object) -> Row:
    """Return the one quarantine row of an event."""
    (row,) = query(warehouse, "select * from raw.quarantine where event_id = %s", event_id)
    return row


def assert_ledger_adds_up(warehouse: Warehouse) -> Row:
    """Hold every load against the rows that carry its number.

    Returns:
        The sums over all loads: received, stored, duplicate, quarantined, suppressed.
    """
    wrong = query(
        warehouse,
        """
        select l.load_id
        from raw.loads l
        left join (
            select load_id, count(*) as n, min(received_at) as lowest, max(received_at) as highest
            from raw.events group by load_id
        ) e using (load_id)
        left join (select load_id, count(*) as n from raw.event_ids group by load_id) i
            using (load_id)
        left join (select load_id, count(*) as n from raw.quarantine group by load_id) q
            using (load_id)
        where l.received <> l.stored + l.duplicate + l.quarantined + l.suppressed
            or l.stored <> coalesce(e.n, 0)
            or l.stored <> coalesce(i.n, 0)
            or l.quarantined <> coalesce(q.n, 0)
            or l.first_received_at is distinct from e.lowest
            or l.last_received_at is distinct from e.highest
        """,
    )
    assert wrong == []
    orphans = query(
        warehouse, "select 1 from raw.events where load_id not in (select load_id from raw.loads)"
    )
    assert orphans == []
    (sums,) = query(
        warehouse,
        "select coalesce(sum(received), 0)::int as received,"
        " coalesce(sum(stored), 0)::int as stored,"
        " coalesce(sum(duplicate), 0)::int as duplicate,"
        " coalesce(sum(quarantined), 0)::int as quarantined,"
        " coalesce(sum(suppressed), 0)::int as suppressed from raw.loads",
    )
    return sums


@dataclass
class Sender:
    """Sends batches one after another, and keeps the client's side of the ledger.

    Attributes:
        ingestion: Where to.
        pause: Seconds between two batches.
        give_ids: Whether the events carry ids of their own.
        acknowledged: Ids that were said to be stored or duplicate.
        spooled: Those of them that were said to wait on disk.
        sent: Ids that were sent, where they were given.
        refusals: The answers that were none.
        slowest: Seconds that the slowest answer took.
    """

    ingestion: RunningIngestion
    pause: float = 0.01
    give_ids: bool = True
    acknowledged: set[str] = field(default_factory=set)
    spooled: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    refusals: list[httpx.Response] = field(default_factory=list)
    slowest: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)

    def start(self) -> None:
        """Send in the background."""
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        """Send until told to stop; what gets no answer is sent again, as a good client does."""
        batch: list[dict[str, Any]] = []
        give_up = time.monotonic() + 60
        while (not self.stopping.is_set() or batch) and time.monotonic() < give_up:
            batch = batch or [page_view() for _ in range(20)]
            if self.give_ids:
                self.sent |= {event["event_id"] for event in batch}
            else:
                batch = [{**event, "event_id": None} for event in batch]
            started = time.monotonic()
            try:
                answer = self.ingestion.send(batch)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            self.slowest = max(self.slowest, time.monotonic() - started)
            if answer.status_code != httpx.codes.OK:
                self.refusals.append(answer)
                time.sleep(0.05)
                continue
            results = answer.json()["results"]
            assert {result["status"] for result in results} <= {"stored", "duplicate"}
            ids = {result["event_id"] for result in results}
            assert len(ids) == len(batch)
            self.acknowledged |= ids
            self.spooled |= {
                result["event_id"]
                for result in results
                if result["reason"] and result["reason"]["code"] == "spooled"
            }
            batch = []
            time.sleep(self.pause)


@contextmanager
def sending(
    ingestion: RunningIngestion, *, senders: int = 4, pause: float = 0.01, give_ids: bool = True
) -> Iterator[list[Sender]]:
    """Send from threads; the block must :func:`finish` them while ingestion runs."""
    threads = [Sender(ingestion, pause, give_ids) for _ in range(senders)]
    for sender in threads:
        sender.start()
    try:
        yield threads
    finally:
        finish(threads)


def finish(senders: Sequence[Sender]) -> None:
    """Wait until all that was sent is answered."""
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.thread.join()


def total(senders: Sequence[Sender], what: str) -> set[str]:
    """Return the ids of all senders: ``acknowledged``, ``spooled`` or ``sent``."""
    ids: set[str] = set().union(*(getattr(sender, what) for sender in senders))
    return ids


def agree(warehouse: Warehouse, senders: Sequence[Sender]) -> None:
    """Hold the client's ledger against raw, event by event."""
    rows = [str(row["event_id"]) for row in query(warehouse, "select event_id from raw.events")]
    landed = set(rows)
    assert len(rows) == len(landed)
    acknowledged = total(senders, "acknowledged")
    assert acknowledged
    assert acknowledged <= landed
    if all(sender.give_ids for sender in senders):
        assert landed <= total(senders, "sent")
    else:
        assert landed == acknowledged
    assert_ledger_adds_up(warehouse)


def spool(ingestion: RunningIngestion) -> Row:
    """Return how ingestion says that its spool is."""
    answer = ingestion.client.get(f"{ingestion.url}/health/")
    found: Row = answer.json()["dependencies"]["spool"]
    return found


def wait_for(is_so: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.02)


def wait_until_drained(ingestion: RunningIngestion, *, seconds: float = 60) -> None:
    """Wait until nothing waits in the spool."""
    wait_for(lambda: spool(ingestion)["status"] == "healthy", seconds=seconds)


@contextmanager
def away(warehouse: Warehouse) -> Iterator[None]:
    """Let ingestion into the warehouse's database no more for the duration of the block."""
    database = warehouse.superuser_dsn.rpartition("/")[2]
    with connect(warehouse.superuser_dsn, autocommit=True) as connection:
        connection.execute(f"revoke connect on database {database} from {Role.INGEST}".encode())
        try:
            connection.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = %s and usename = %s",
                (database, str(Role.INGEST)),
            )
            yield
        finally:
            connection.execute(f"grant connect on database {database} to {Role.INGEST}".encode())


@contextmanager
def hanging(server: EmbeddedPostgres) -> Iterator[None]:
    """Let Postgres hang for the duration of the block: it takes connections, answers nothing."""
    postmaster = psutil.Process(int(server.data.joinpath("postmaster.pid").read_text().split()[0]))
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        process.send_signal(SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(SIGCONT)
