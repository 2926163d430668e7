"""Events that wait while Postgres is away: what senders are told, what becomes of them."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

import httpx
import pytest

from ingestion.dialects import DIALECTS
from ingestion.erasures import subject_hash
from ingestion.event import Event, new_id
from ingestion.record import encode
from ingestion.spool import Spool
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.ingestion.ledger import (
    assert_ledger_adds_up,
    away,
    hanging,
    page_view,
    quarantined,
    query,
    spool,
    stored,
    wait_for,
    wait_until_drained,
)
from tests.servers import PRIVACY_SECRET, RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

DISK_BYTES = 256_000


def event(properties: str = "{}") -> Event:
    """Return an event as the checks let it through, without a time of its own."""
    who = (None,) * 7
    return Event(
        new_id(), "v", "test", "user", "page_view", *who, None, None, False, "{}", properties
    )


def left_behind(directory: Path, *records: list[Event], received_at: datetime) -> None:
    """Leave records in a spool, as a process does that ends while Postgres is away."""
    left = Spool(directory, 1_000_000)
    for items in records:
        left.append(encode(items, received_at), len(items))
    left.close()


@contextmanager
def small_disk(directory: Path) -> Iterator[bool]:
    """Mount a file system of :data:`DISK_BYTES`, and tell whether that was allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(directory)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", directory], check=True)


def assert_full(ingestion: RunningIngestion, answer: httpx.Response) -> None:
    """Hold what is answered against what it should be where no more events can wait."""
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["code"] == "spool_full"
    status, ready = get(ingestion, "/health/ready")
    assert (status, ready["status"]) == (503, "not ready")
    assert spool(ingestion)["status"] == "unhealthy"


def get(ingestion: RunningIngestion, path: str) -> tuple[int, dict[str, object]]:
    answer = ingestion.client.get(ingestion.url + path)
    return answer.status_code, answer.json()


def test_a_spooled_event_is_stored_with_the_reason_and_counts_when_postgres_is_back(
    warehouse: Warehouse,
) -> None:
    known, fresh, unnamed = page_view(), page_view(), page_view(event_id=None)
    bad = page_view(currency="euro")
    with running_ingestion(warehouse) as ingestion:
        ingestion.verdicts(known)
        with away(warehouse):
            verdicts = ingestion.verdicts([known, fresh, unnamed, bad, fresh])
            assert [verdict["status"] for verdict in verdicts] == [
                "stored",
                "stored",
                "stored",
                "quarantined",
                "duplicate",
            ]
            reasons = [verdict["reason"]["code"] for verdict in verdicts]
            assert reasons == ["spooled"] * 3 + ["invalid_currency", "duplicate"]
            assert "counts once Postgres is back" in verdicts[0]["reason"]["message"]
        wait_until_drained(ingestion)
        assert ingestion.verdicts(fresh)[0]["status"] == "duplicate"
    stored(warehouse, fresh["event_id"])
    stored(warehouse, verdicts[2]["event_id"])
    assert quarantined(warehouse, bad["event_id"])["reason"] == "invalid_currency"
    (load,) = query(warehouse, "select * from raw.loads where origin = 'spool'")
    sums = {name: load[name] for name in ("received", "stored", "duplicate", "quarantined")}
    assert sums == {"received": 5, "stored": 2, "duplicate": 2, "quarantined": 1}
    assert_ledger_adds_up(warehouse)


def test_health_tells_that_events_wait_and_stays_ready_as_long_as_more_can(
    warehouse: Warehouse,
) -> None:
    with running_ingestion(warehouse) as ingestion:
        ingestion.verdicts(page_view())
        with away(warehouse):
            ingestion.verdicts([page_view(), page_view()])
            assert get(ingestion, "/health/live") == (200, {"status": "alive"})
            status, ready = get(ingestion, "/health/ready")
            assert (status, ready["status"]) == (200, "spooling")
            status, health = get(ingestion, "/health/")
            assert (status, health["status"]) == (200, "degraded")
            found = spool(ingestion)
            assert (found["status"], found["events"]) == ("waiting", 2)
            assert 0 < found["bytes"] < found["max_bytes"]
        wait_until_drained(ingestion)
        assert get(ingestion, "/health/ready") == (200, {"status": "ready"})
        assert spool(ingestion)["events"] == 0


def test_older_systems_are_answered_as_ever_while_their_events_wait(warehouse: Warehouse) -> None:
    endpoints = [
        (dialect, endpoint)
        for dialect in DIALECTS
        for endpoint in dialect.endpoints
        if "{" not in endpoint.path and endpoint.operation.example is not None
    ]

    def answers(ingestion: RunningIngestion) -> list[tuple[str, int, object]]:
        found: list[tuple[str, int, object]] = []
        for dialect, endpoint in endpoints:
            answer = ingestion.client.request(
                endpoint.method,
                ingestion.url + endpoint.path,
                headers=ingestion.headers,
                json=endpoint.operation.example,
            )
            content = answer.json()
            keys = sorted(content) if isinstance(content, dict) else len(content)
            found.append((f"{dialect.name} {endpoint.path}", answer.status_code, keys))
        return found

    with running_ingestion(warehouse) as ingestion:
        usual = answers(ingestion)
        assert {status for _, status, _ in usual} <= {200, 201, 202}
        with away(warehouse):
            assert answers(ingestion) == usual
        wait_until_drained(ingestion)
    assert assert_ledger_adds_up(warehouse)["received"] >= 2 * len(endpoints)


def test_order_holds_from_the_spool_into_direct_landing(warehouse: Warehouse) -> None:
    sent: list[str] = []
    waited: list[bool] = []

    def lands_directly(ingestion: RunningIngestion) -> bool:
        (verdict,) = ingestion.verdicts(page_view())
        sent.append(verdict["event_id"])
        waited.append(verdict["reason"] is not None)
        return not waited[-1]

    with running_ingestion(warehouse) as ingestion:
        assert lands_directly(ingestion)
        with away(warehouse):
            assert not any(lands_directly(ingestion) for _ in range(20))
        wait_for(lambda: lands_directly(ingestion))
        assert all(lands_directly(ingestion) for _ in range(20))
    rows = query(
        warehouse,
        "select e.event_id::text, l.origin from raw.events e join raw.loads l using (load_id)"
        " order by load_id",
    )
    assert [row["event_id"] for row in rows] == sent
    assert [row["origin"] == "spool" for row in rows] == waited


def test_what_an_earlier_process_left_lands_at_the_start_with_its_own_time_of_receipt(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    received_at = datetime(2026, 3, 1, 8, 30, 0, 123_456, tzinfo=UTC)
    first, second = event(), event()
    left_behind(tmp_path, [first], [second], received_at=received_at)
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_until_drained(ingestion)
    for one in (first, second):
        row = stored(warehouse, one.event_id)
        assert (row["received_at"], row["occurred_at"]) == (received_at, received_at)
    loads = query(warehouse, "select * from raw.loads order by load_id")
    assert [load["origin"] for load in loads] == ["spool", "spool"]
    assert {load["first_received_at"] for load in loads} == {received_at}
    assert loads[0]["received_at"] > received_at
    assert_ledger_adds_up(warehouse)


def test_a_spool_that_is_switched_off_is_still_drained(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    left_behind(tmp_path, [event()], received_at=datetime.now(UTC))
    with running_ingestion(
        warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path), FOOTFALL_SPOOL_MAX_BYTES="0"
    ) as ingestion:
        wait_for(lambda: query(warehouse, "select 1 from raw.events"))
        assert ingestion.verdicts(page_view())[0]["reason"] is None
        with away(warehouse):
            answer = ingestion.send(page_view())
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                503,
                "warehouse_unavailable",
            )


def test_an_event_that_postgres_refuses_is_quarantined_on_its_way_out_of_the_spool(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    good, bad = event(), event('{"a": "\\u0000"}')
    left_behind(tmp_path, [good, bad], [event()], received_at=datetime.now(UTC))
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_until_drained(ingestion)
    stored(warehouse, good.event_id)
    assert quarantined(warehouse, bad.event_id)["reason"] == "not_storable"
    assert assert_ledger_adds_up(warehouse)["stored"] == 2


def test_who_is_erased_while_events_wait_stays_erased(warehouse: Warehouse) -> None:
    digest = subject_hash("user", "erased", PRIVACY_SECRET.encode())
    with running_ingestion(warehouse) as ingestion:
        ingestion.verdicts([])
        with away(warehouse):
            sent = [page_view(user_id="erased"), page_view(user_id="kept")]
            assert ingestion.statuses(sent) == ["stored", "stored"]
            with connect(warehouse.dsn(Role.OWNER)) as connection:
                connection.execute("insert into ops.erasures (subject_hash) values (%s)", (digest,))
        wait_until_drained(ingestion)
    rows = query(warehouse, "select user_id from raw.events")
    assert [row["user_id"] for row in rows] == ["kept"]
    assert query(warehouse, "select source, reason, events from raw.suppressions") == [
        {"source": "test", "reason": "erased_person", "events": 1}
    ]
    assert_ledger_adds_up(warehouse)


def test_a_damaged_record_is_reported_and_its_neighbours_land(
    warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first, last = event(), event()
    left_behind(tmp_path, [first], [event()], [last], received_at=datetime.now(UTC))
    (segment,) = tmp_path.glob("*.segment")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_for(lambda: spool(ingestion)["events"] == 0)
        found = spool(ingestion)
        assert found["status"] == "damaged"
        assert "set aside, in 1 files" in found["reason"]
    landed = query(warehouse, "select event_id::text from raw.events order by load_id")
    assert [row["event_id"] for row in landed] == [first.event_id, last.event_id]
    (kept,) = (tmp_path / "damaged").iterdir()
    assert f"damaged/{kept.name}" in capfd.readouterr().err


def test_a_record_that_cannot_be_landed_is_set_aside_and_does_not_hold_up_the_next(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    unreadable = Spool(tmp_path, 1_000_000)
    unreadable.append(b"no record", 1)
    unreadable.close()
    good, bad = event(), event()
    bad.event_id = "no UUID, so that it cannot even be quarantined"
    left_behind(tmp_path, [bad], [good], received_at=datetime.now(UTC))
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_for(lambda: spool(ingestion)["events"] == 0)
        assert spool(ingestion)["status"] == "damaged"
    assert query(warehouse, "select event_id::text from raw.events") == [
        {"event_id": good.event_id}
    ]
    assert len(list((tmp_path / "damaged").iterdir())) == 2


def test_over_its_bound_the_spool_sends_senders_away_until_postgres_is_back(
    warehouse: Warehouse,
) -> None:
    with running_ingestion(warehouse, FOOTFALL_SPOOL_MAX_BYTES="5000") as ingestion:
        ingestion.verdicts(page_view())
        with away(warehouse):
            acknowledged = 0
            while (answer := ingestion.send(page_view())).status_code == 200:
                acknowledged += 1
            assert_full(ingestion, answer)
            assert 2 < acknowledged < 20
        wait_until_drained(ingestion)
        assert ingestion.verdicts(page_view())[0]["reason"] is None
    sums = assert_ledger_adds_up(warehouse)
    assert sums["received"] == sums["stored"] == acknowledged + 2


def test_a_full_disk_sends_senders_away_and_loses_nothing_acknowledged(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with (
        small_disk(tmp_path) as is_mounted,
        running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion,
    ):
        if not is_mounted:
            limit = (DISK_BYTES, DISK_BYTES)
            resource.prlimit(ingestion.process.pid, resource.RLIMIT_FSIZE, limit)
        ingestion.verdicts(page_view())
        acknowledged = 1
        with away(warehouse):
            while True:
                batch = [page_view() for _ in range(100)]
                answer = ingestion.send(batch)
                if answer.status_code != 200:
                    break
                acknowledged += len(batch)
            assert_full(ingestion, answer)
            assert acknowledged > 100
        wait_until_drained(ingestion)
        assert ingestion.statuses(batch) == ["stored"] * 100
    sums = assert_ledger_adds_up(warehouse)
    assert sums["received"] == sums["stored"] == acknowledged + 100


def test_neither_a_postgres_that_hangs_nor_a_slow_client_holds_up_senders_or_the_end_for_long(
    postgres: EmbeddedPostgres, warehouse: Warehouse, tmp_path: Path
) -> None:
    with (
        running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion,
        ThreadPoolExecutor(1) as pool,
        socket.create_connection(("127.0.0.1", int(ingestion.url.rpartition(":")[2]))) as slow,
    ):
        ingestion.verdicts(page_view())
        slow.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\n")
        with hanging(postgres):
            started = time.monotonic()
            answer = pool.submit(ingestion.verdicts, page_view())
            time.sleep(0.5)
            ingestion.process.send_signal(SIGTERM)
            assert answer.result()[0]["reason"]["code"] == "spooled"
            assert time.monotonic() - started < 8
            assert ingestion.process.wait(12) == 0
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_until_drained(ingestion)
    assert assert_ledger_adds_up(warehouse)["stored"] == 2


def test_sigterm_leaves_what_waits_to_the_next_process(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        ingestion.verdicts([])
        with away(warehouse):
            ingestion.verdicts([page_view() for _ in range(3)])
            ingestion.process.send_signal(SIGTERM)
            assert ingestion.process.wait(10) == 0
    with running_ingestion(warehouse, FOOTFALL_SPOOL_DIR=str(tmp_path)) as ingestion:
        wait_until_drained(ingestion)
    assert assert_ledger_adds_up(warehouse)["stored"] == 3
