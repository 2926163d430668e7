"""Counted once, acknowledged means committed, nothing vanishes, in quiet times."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, query
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role


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
