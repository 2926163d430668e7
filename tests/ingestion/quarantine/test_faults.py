"""A replay that is killed, or runs beside another, counts each event once all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse, stop
from tests.ingestion.ledger import assert_ledger_adds_up, query
from tests.servers import PRIVACY_SECRET, PROJECT, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

EVENTS = 6_000


@pytest.fixture
def broken(postgres: EmbeddedPostgres) -> Iterator[Warehouse]:
    """A warehouse with events in quarantine that could be stored by now, a third without ids."""
    warehouse = new_warehouse(postgres)
    with running_ingestion(warehouse, FOOTFALL_MAX_EVENT_BYTES="10") as ingestion:
        batch = [{"category": "user", "event_type": "login", "user_id": "u"} for _ in range(3_000)]
        for _ in range(EVENTS // len(batch)):
            for number, event in enumerate(batch):
                if number % 3:
                    event["event_id"] = str(uuid.uuid4())
            assert set(ingestion.statuses(batch)) == {"quarantined"}
    yield warehouse
    sums = assert_ledger_adds_up(warehouse)
    assert sums["stored"] == EVENTS
    assert sums["duplicate"] == 0
    (counts,) = query(
        warehouse,
        "select count(*) as events, count(distinct event_id) as ids from raw.events",
    )
    assert (counts["events"], counts["ids"]) == (EVENTS, EVENTS)
    assert query(warehouse, "select 1 from raw.quarantine where state <> 'replayed'") == []


def start(warehouse: Warehouse) -> subprocess.Popen[bytes]:
    """Start a replay of everything."""
    return subprocess.Popen(
        [sys.executable, "-m", "stack.cli", "quarantine", "replay", "--all", "--json"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "FOOTFALL_OWNER_DSN": warehouse.dsn(Role.OWNER),
            "FOOTFALL_PRIVACY_SECRET": PRIVACY_SECRET,
        },
    )


def finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for a replay, and return how many events it stored."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return int(json.loads(output)["stored"])


def test_a_replay_that_is_killed_goes_on_and_counts_each_event_once(broken: Warehouse) -> None:
    process = start(broken)
    try:
        with connect(broken.dsn(Role.OWNER), autocommit=True) as connection:
            deadline = time.monotonic() + 30
            done = 0
            while done < EVENTS / 10:
                assert time.monotonic() < deadline
                row = connection.execute("select count(*) from raw.events").fetchone()
                done = row[0] if row else 0
            stop(process, signal.SIGKILL)
            (landed,) = connection.execute("select count(*) from raw.events").fetchall()
            (settled,) = connection.execute(
                "select count(*) from raw.quarantine where state = 'replayed'"
            ).fetchall()
    finally:
        stop(process)
        process.communicate()
    assert landed == settled
    assert 0 < landed[0] < EVENTS
    assert finish(start(broken)) == EVENTS - landed[0]


def test_two_replays_at_once_share_the_work(broken: Warehouse) -> None:
    replays = [start(broken), start(broken)]
    try:
        assert sum(map(finish, replays)) == EVENTS
    finally:
        for replay in replays:
            stop(replay)
