"""Whatever dies, whenever: no acknowledged event is lost, and none counts twice."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT, SIGKILL

import httpx
import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, free_port
from tests.ingestion.conftest import OwnPostgres
from tests.ingestion.ledger import (
    agree,
    assert_ledger_adds_up,
    away,
    finish,
    page_view,
    query,
    sending,
    spool,
    total,
    wait_for,
    wait_until_drained,
)
from tests.ingestion.proxy import proxy_before
from tests.servers import RunningIngestion, running_ingestion


def kill(ingestion: RunningIngestion) -> None:
    ingestion.process.send_signal(SIGKILL)
    ingestion.process.wait()


def test_no_acknowledged_event_is_lost_when_ingestion_is_killed(warehouse: Warehouse) -> None:
    port = free_port()
    with running_ingestion(warehouse, port=port) as first, sending(first) as senders:
        time.sleep(1)
        kill(first)
        with running_ingestion(warehouse, port=port):
            time.sleep(0.5)
            finish(senders)
    agree(warehouse, senders)
    assert total(senders, "acknowledged") == total(senders, "sent")


def test_no_acknowledged_event_is_lost_when_ingestion_is_killed_while_it_spools_and_drains(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    port = free_port()

    def start() -> RunningIngestion:
        return running.enter_context(
            running_ingestion(warehouse, port=port, FOOTFALL_SPOOL_DIR=str(tmp_path))
        )

    with ExitStack() as running:
        first = start()
        senders = running.enter_context(sending(first))
        with away(warehouse):
            wait_for(lambda: spool(first)["events"] > 5_000)
            kill(first)
        second = start()
        wait_for(lambda: 0 < spool(second)["events"] < 4_000)
        kill(second)
        third = start()
        time.sleep(0.5)
        finish(senders)
        wait_until_drained(third)
    agree(warehouse, senders)
    assert total(senders, "acknowledged") == total(senders, "sent")
    assert len(total(senders, "spooled")) > 5_000


@pytest.mark.parametrize("how", [SIGKILL, SIGINT], ids=["killed", "restarted"])
def test_no_event_is_refused_or_lost_when_postgres_goes_away(
    own_postgres: OwnPostgres, how: int
) -> None:
    warehouse = own_postgres.new_warehouse()
    with running_ingestion(warehouse) as ingestion, sending(ingestion) as senders:
        time.sleep(1)
        own_postgres.stop(how)
        answer = ingestion.client.get(f"{ingestion.url}/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "spooling")
        time.sleep(0.5)
        own_postgres.start()
        time.sleep(0.5)
        finish(senders)
        wait_until_drained(ingestion)
        agree(warehouse, senders)
        assert total(senders, "acknowledged") == total(senders, "sent")
        assert total(senders, "spooled")
        assert [sender.refusals for sender in senders] == [[]] * len(senders)
        assert ingestion.verdicts(page_view())[0]["reason"] is None


def test_events_without_an_id_count_once_when_postgres_dies_while_it_commits(
    own_postgres: OwnPostgres,
) -> None:
    warehouse = own_postgres.new_warehouse()
    with running_ingestion(warehouse) as ingestion, sending(ingestion, give_ids=False) as senders:
        for _ in range(3):
            time.sleep(0.3)
            own_postgres.stop(SIGKILL)
            own_postgres.start()
        finish(senders)
        wait_until_drained(ingestion)
    agree(warehouse, senders)
    assert [sender.refusals for sender in senders] == [[]] * len(senders)


SINGLE_STATEMENT = b"s\0\0\0\x04Z\0\0\0\x05I"  # its row, and no transaction is open any more
COMMIT = b"COMMIT\0"


@pytest.mark.parametrize(
    ("rejected", "answer"), [(0, SINGLE_STATEMENT), (1, COMMIT)], ids=["statement", "commit"]
)
def test_an_event_without_an_id_counts_once_when_the_answer_to_its_commit_is_lost(
    postgres: EmbeddedPostgres, warehouse: Warehouse, rejected: int, answer: bytes
) -> None:
    batch = [page_view(event_id=None), page_view(event_id=None, currency="euro")][: 1 + rejected]
    with proxy_before(postgres.port) as proxy:
        dsn = warehouse.superuser_dsn.replace(f":{postgres.port}/", f":{proxy.port}/")
        with running_ingestion(Warehouse(dsn)) as ingestion:
            ingestion.verdicts(batch)
            proxy.lose_answer(answer)
            assert ingestion.verdicts(batch)[0]["reason"]["code"] == "spooled"
            wait_until_drained(ingestion)
    loads = query(
        warehouse,
        "select origin, stored, duplicate, quarantined from raw.loads order by load_id",
    )
    assert [tuple(load.values()) for load in loads] == [
        ("http", 1, 0, rejected),
        ("http", 1, 0, rejected),  # it was committed
        ("spool", 0, 1, rejected),
    ]
    assert_ledger_adds_up(warehouse)


def test_all_is_acknowledged_while_postgres_is_away_for_half_a_minute(
    own_postgres: OwnPostgres,
) -> None:
    warehouse = own_postgres.new_warehouse()
    with (
        running_ingestion(warehouse) as ingestion,
        sending(ingestion, senders=2, pause=0.05) as senders,
    ):
        time.sleep(0.5)
        own_postgres.stop()
        time.sleep(30)
        own_postgres.start()
        time.sleep(0.5)
        finish(senders)
        wait_until_drained(ingestion)
    agree(warehouse, senders)
    assert total(senders, "acknowledged") == total(senders, "sent")
    assert len(total(senders, "spooled")) > 10_000
    assert [sender.refusals for sender in senders] == [[]] * len(senders)
    assert max(sender.slowest for sender in senders) < 5


@pytest.mark.parametrize("how", [SIGKILL, SIGINT], ids=["killed", "restarted"])
def test_without_a_spool_senders_keep_their_events_while_postgres_is_away(
    own_postgres: OwnPostgres, how: int
) -> None:
    warehouse = own_postgres.new_warehouse()
    with (
        running_ingestion(warehouse, FOOTFALL_SPOOL_MAX_BYTES="0") as ingestion,
        sending(ingestion) as senders,
    ):
        time.sleep(0.5)
        own_postgres.stop(how)
        answer = ingestion.client.get(f"{ingestion.url}/health/ready")
        assert answer.status_code == 503
        time.sleep(0.5)
        own_postgres.start()
        time.sleep(0.5)
        finish(senders)
        agree(warehouse, senders)
        assert total(senders, "acknowledged") == total(senders, "sent")
        refusals = [refusal for sender in senders for refusal in sender.refusals]
        assert {refusal.status_code for refusal in refusals} == {httpx.codes.SERVICE_UNAVAILABLE}
        assert all(int(refusal.headers["retry-after"]) > 0 for refusal in refusals)
        assert ingestion.statuses(page_view()) == ["stored"]


def test_a_process_that_starts_while_postgres_is_away_takes_events_from_senders_known_before(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    port = free_port()
    own = {"FOOTFALL_HOME": str(tmp_path), "FOOTFALL_SPOOL_DIR": str(tmp_path / "spool")}

    def start() -> RunningIngestion:
        return running.enter_context(running_ingestion(warehouse, port=port, **own))

    with ExitStack() as running:
        first = start()
        senders = running.enter_context(sending(first))
        with away(warehouse):
            wait_for(lambda: spool(first)["events"] > 100)
            kill(first)
            second = start()
            wait_for(lambda: spool(second)["events"] > 1_000)
        finish(senders)
        wait_until_drained(second)
    agree(warehouse, senders)
    assert total(senders, "acknowledged") == total(senders, "sent")
