"""Counted once, acknowledged means committed, nothing vanishes: also when processes die."""

from __future__ import annotations

import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import httpx
import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import PASSWORD, Warehouse, free_port, stop
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, query
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect, with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap

Processes = list[subprocess.Popen[bytes]]


@dataclass
class Sender:
    """Sends batches without pause, and keeps the client's side of the ledger.

    Attributes:
        acknowledged: Ids that were said to be stored or duplicate.
        sent: Ids that were sent.
        refusals: Statuses of the answers that were none.
    """

    ingestion: RunningIngestion
    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    refusals: list[httpx.Response] = field(default_factory=list)
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
            self.sent |= {event["event_id"] for event in batch}
            try:
                answer = self.ingestion.send(batch)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code != httpx.codes.OK:
                self.refusals.append(answer)
                time.sleep(0.05)
                continue
            results = answer.json()["results"]
            assert {result["status"] for result in results} <= {"stored", "duplicate"}
            self.acknowledged |= {result["event_id"] for result in results}
            batch = []


@contextmanager
def sending(ingestion: RunningIngestion) -> Iterator[list[Sender]]:
    """Send from four threads; the block must :func:`finish` them while ingestion runs."""
    senders = [Sender(ingestion) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        finish(senders)


def finish(senders: list[Sender]) -> None:
    """Wait until all that was sent is answered."""
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.thread.join()


def agree(warehouse: Warehouse, senders: list[Sender]) -> None:
    """Hold the client's ledger against raw, event by event."""
    rows = [str(row["event_id"]) for row in query(warehouse, "select event_id from raw.events")]
    landed = set(rows)
    assert len(rows) == len(landed)
    acknowledged = set().union(*(sender.acknowledged for sender in senders))
    sent = set().union(*(sender.sent for sender in senders))
    assert acknowledged
    assert acknowledged <= landed <= sent
    assert_ledger_adds_up(warehouse)


def test_the_same_id_counts_once_whatever_the_second_copy_says(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    event = page_view(occurred_at="2026-01-01T00:00:00Z")
    later = {**event, "occurred_at": "2026-03-01T00:00:00Z", "user_id": "other"}
    assert ingestion.statuses([event, later]) == ["stored", "duplicate"]
    (verdict,) = ingestion.verdicts(later)
    assert verdict["status"] == "duplicate"
    assert verdict["reason"]["code"] == "duplicate"
    rows = query(
        landing_warehouse,
        "select user_id from raw.events where event_id = %s",
        event["event_id"],
    )
    assert rows == [{"user_id": "u1"}]
    assert_ledger_adds_up(landing_warehouse)


def test_the_same_id_counts_once_after_a_restart(warehouse: Warehouse) -> None:
    event = page_view()
    for status in ("stored", "duplicate"):
        with running_ingestion(warehouse) as ingestion:
            assert ingestion.statuses(event) == [status]


def test_an_id_still_counts_once_when_retention_has_dropped_its_event(warehouse: Warehouse) -> None:
    event = page_view()
    with running_ingestion(warehouse) as ingestion:
        assert ingestion.statuses(event) == ["stored"]
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            connection.execute("delete from raw.events")
        assert ingestion.statuses(event) == ["duplicate"]


def test_the_same_batches_at_once_on_two_replicas_count_once(warehouse: Warehouse) -> None:
    batches = [[page_view() for _ in range(100)] for _ in range(10)]
    with (
        running_ingestion(warehouse) as one,
        running_ingestion(warehouse) as other,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = [
            pool.submit(replica.statuses, turned)
            for batch in batches
            for replica in (one, other)
            for turned in (batch, batch[::-1])
        ]
        statuses = [status for answer in answers for status in answer.result()]
    assert statuses.count("stored") == 1000
    assert statuses.count("duplicate") == 3000
    sums = assert_ledger_adds_up(warehouse)
    assert (sums["received"], sums["stored"]) == (4000, 1000)


def test_every_received_event_is_in_the_ledger(warehouse: Warehouse) -> None:
    bad = page_view(currency="euro")
    good = page_view()
    with running_ingestion(warehouse) as ingestion:
        ingestion.verdicts([good, bad, good, 5, page_view()])
        ingestion.verdicts(bad)
    assert assert_ledger_adds_up(warehouse) == {
        "received": 6,
        "stored": 2,
        "duplicate": 1,
        "quarantined": 3,
        "suppressed": 0,
    }


def test_sigterm_lands_and_answers_what_was_accepted(warehouse: Warehouse) -> None:
    with running_ingestion(warehouse) as ingestion, ThreadPoolExecutor(1) as pool:
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            connection.execute("lock table raw.event_ids")  # so that the landing must wait
            answer = pool.submit(ingestion.statuses, [page_view(), page_view()])
            time.sleep(0.5)
            ingestion.process.send_signal(SIGTERM)
            time.sleep(0.5)
            assert ingestion.process.poll() is None
        assert answer.result() == ["stored", "stored"]
        assert ingestion.process.wait(10) == 0
    assert assert_ledger_adds_up(warehouse)["stored"] == 2


def test_no_acknowledged_event_is_lost_when_ingestion_is_killed(warehouse: Warehouse) -> None:
    port = free_port()
    with running_ingestion(warehouse, port=port) as first, sending(first) as senders:
        time.sleep(1)
        first.process.send_signal(SIGKILL)
        first.process.wait()
        with running_ingestion(warehouse, port=port):
            time.sleep(0.5)
            finish(senders)
    agree(warehouse, senders)
    assert all(sender.acknowledged == sender.sent for sender in senders)


@pytest.fixture
def own_postgres(server_directory: Path) -> Iterator[tuple[EmbeddedPostgres, Processes]]:
    """A Postgres with durable commits, and its processes, of which the test may kill the last."""
    directory = server_directory / f"own-{uuid.uuid4().hex}"
    server = EmbeddedPostgres(directory, free_port(), {"shared_buffers": "64MB"})
    server.initialise()
    process = server.start()
    bootstrap(server.superuser_dsn, dict.fromkeys(Role, PASSWORD))
    upgrade(
        with_credentials(server.superuser_dsn, user=Role.OWNER, password=PASSWORD),
        partitions_ahead_days=3,
    )
    processes = [process]
    yield server, processes
    stop(processes[-1], SIGINT)


@pytest.mark.parametrize("how", [SIGKILL, SIGINT], ids=["killed", "restarted"])
def test_no_acknowledged_event_is_lost_when_postgres_goes_away(
    own_postgres: tuple[EmbeddedPostgres, Processes], how: int
) -> None:
    server, processes = own_postgres
    warehouse = Warehouse(server.superuser_dsn)
    with running_ingestion(warehouse) as ingestion, sending(ingestion) as senders:
        time.sleep(1)
        stop(processes[-1], how)
        answer = httpx.get(f"{ingestion.url}/health/ready", trust_env=False)
        assert answer.status_code == 503
        time.sleep(0.5)
        processes.append(server.start())
        time.sleep(1)
        finish(senders)
        agree(warehouse, senders)
        assert all(sender.acknowledged == sender.sent for sender in senders)
        refusals = [refusal for sender in senders for refusal in sender.refusals]
        assert refusals
        assert {refusal.status_code for refusal in refusals} == {503}
        assert all(int(refusal.headers["retry-after"]) > 0 for refusal in refusals)
        event = page_view(event_id=str(uuid.uuid4()))
        assert ingestion.statuses(event) == ["stored"]
