"""Erased stays erased: from the commit of an erasure on, nothing of the person is taken in."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from psycopg import Connection

from ingestion.erasures import Erasures, subject_hash
from ingestion.items import Item, Rejected, Suppressed
from ingestion.sender import Sender
from ingestion.verdict import Reason
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view, query, wait_for
from tests.servers import PRIVACY_SECRET, RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

WAITING = "select 1 from pg_locks where not granted and relation = 'raw.event_ids'::regclass"
_numbers = itertools.count(1)


def somebody() -> str:
    """Return an id that nobody had before."""
    return f"person-{next(_numbers)}"


def erase(
    warehouse: Warehouse, identifier: str, kind: str = "user", secret: str = PRIVACY_SECRET
) -> None:
    """Enter an erasure, as whoever erases does."""
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        insert_erasure(connection, identifier, kind, secret)


def insert_erasure(
    connection: Connection[tuple[object, ...]],
    identifier: str,
    kind: str = "user",
    secret: str = PRIVACY_SECRET,
) -> None:
    digest = subject_hash(kind, identifier, secret.encode())
    connection.execute("insert into ops.erasures (subject_hash) values (%s)", (digest,))


def traces(warehouse: Warehouse, identifier: str) -> int:
    """Return how many rows of raw name somebody."""
    (row,) = query(
        warehouse,
        "select (select count(*) from raw.events e where position(%s in e::text) > 0)"
        " + (select count(*) from raw.quarantine q where position(%s in q::text) > 0) as rows",
        identifier,
        identifier,
    )
    return int(row["rows"])


@pytest.fixture(autouse=True)
def _ledger(landing_warehouse: Warehouse) -> Iterator[None]:
    yield
    assert_ledger_adds_up(landing_warehouse)


@pytest.mark.parametrize(("kind", "field"), [("user", "user_id"), ("anonymous", "anonymous_id")])
def test_the_next_event_of_an_erased_user_or_device_is_suppressed(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, kind: str, field: str
) -> None:
    person = somebody()
    event = {"user_id": None, field: person}
    assert ingestion.statuses(page_view(**event)) == ["stored"]
    erase(landing_warehouse, person, kind)
    (verdict,) = ingestion.verdicts(page_view(**event))
    assert (verdict["status"], verdict["event_id"]) == ("suppressed", None)
    assert verdict["reason"]["code"] == "erased_person"
    assert person not in json.dumps(verdict)
    assert traces(landing_warehouse, person) == 1  # the one before, which the erasure deletes


def test_a_device_of_an_erased_user_is_somebody_else_until_it_signs_in(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    person, device = somebody(), somebody()
    erase(landing_warehouse, person)
    assert ingestion.statuses(page_view(user_id=person, anonymous_id=device)) == ["suppressed"]
    assert ingestion.statuses(page_view(user_id=None, anonymous_id=device)) == ["stored"]


def test_a_device_that_is_called_as_an_erased_user_is_another(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    name = somebody()
    erase(landing_warehouse, name, "anonymous")
    assert ingestion.statuses(page_view(user_id=name)) == ["stored"]


def test_the_neighbours_of_an_erased_person_are_stored_and_all_are_counted(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    person, other = somebody(), somebody()
    erase(landing_warehouse, person)
    batch = [page_view(user_id=one) for one in (other, person, other, person)]
    assert ingestion.statuses(batch) == ["stored", "suppressed", "stored", "suppressed"]
    assert traces(landing_warehouse, person) == 0
    (counted,) = query(
        landing_warehouse,
        "select events, reason, source from raw.suppressions order by load_id desc limit 1",
    )
    assert counted == {"events": 2, "reason": "erased_person", "source": "test"}


def test_an_id_that_is_a_number_is_known(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    number = 700_000 + next(_numbers)
    erase(landing_warehouse, str(number))
    assert ingestion.statuses(page_view(user_id=number)) == ["suppressed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "euro"},
        {"event_type": "unknown"},
        {"wrong": 1},
        {"value": float("nan")},
        {"properties": {"x": "y" * 70_000}},
    ],
    ids=["not valid", "not in the catalogue", "not decodable", "not JSON", "too large"],
)
@pytest.mark.parametrize(("kind", "field"), [("user", "user_id"), ("anonymous", "anonymous_id")])
def test_a_wrong_event_that_names_an_erased_person_is_not_quarantined(
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    wrong: dict[str, object],
    kind: str,
    field: str,
) -> None:
    person = somebody()
    event = {"user_id": None, field: person, **wrong}
    assert ingestion.statuses(json.dumps(page_view(**event)).encode()) == ["quarantined"]
    erase(landing_warehouse, person, kind)
    assert ingestion.statuses(json.dumps(page_view(**event)).encode()) == ["suppressed"]
    assert traces(landing_warehouse, person) == 1


def test_whom_an_event_names_that_cannot_be_read_is_not_known(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    person = somebody()
    erase(landing_warehouse, person)
    body = json.dumps(page_view(user_id=person)).encode()[:-1]
    statuses = ingestion.statuses(body, content_type="application/x-ndjson")
    assert statuses == ["quarantined"]


def test_what_a_signed_in_person_sends_is_about_that_person(warehouse: Warehouse) -> None:
    erasures = Erasures(PRIVACY_SECRET.encode())

    async def refresh() -> None:
        connection = await asyncpg.connect(warehouse.dsn(Role.INGEST))
        await erasures.refresh(connection)
        await connection.close()

    erase(warehouse, "jane")
    asyncio.run(refresh())
    reason = Reason("not_yours", "user_id", "not yours")
    sent: list[Item] = [
        Rejected("test", None, None, None, reason, b"{}", user_id="joe", sender=sender)
        for sender in (Sender("jwt", "jwt", user_id="jane"), Sender("jwt", "jwt", user_id="jim"))
    ]
    assert [isinstance(item, Suppressed) for item in erasures.apply(sent)] == [True, False]


def test_an_erasure_holds_on_every_replica_from_its_commit_on(warehouse: Warehouse) -> None:
    person = somebody()
    with running_ingestion(warehouse) as one, running_ingestion(warehouse) as other:
        for replica in (one, other):
            assert replica.statuses(page_view(user_id=person)) == ["stored"]
        erase(warehouse, person)
        for replica in (one, other):
            assert replica.statuses(page_view(user_id=person)) == ["suppressed"]
    assert traces(warehouse, person) == 2
    assert assert_ledger_adds_up(warehouse)["suppressed"] == 2


@pytest.mark.parametrize("events", [1, 200])
def test_an_erasure_that_commits_between_judging_and_landing_holds(
    warehouse: Warehouse, ingestion: RunningIngestion, events: int
) -> None:
    person = somebody()
    with running_ingestion(warehouse) as replica, ThreadPoolExecutor(1) as pool:
        replica.verdicts(page_view())
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            connection.execute("lock table raw.event_ids")  # so that the landing must wait
            sent = [page_view(user_id=person) for _ in range(events)]
            answer = pool.submit(replica.statuses, sent)
            wait_for(lambda: query(warehouse, WAITING))
            erase(warehouse, person)
        assert answer.result() == ["suppressed"] * events
    assert traces(warehouse, person) == 0


def test_erasures_that_commit_out_of_the_order_in_which_they_began_are_all_known(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    early, late = somebody(), somebody()
    with connect(landing_warehouse.dsn(Role.OWNER)) as slow:
        insert_erasure(slow, early)
        overtaking = threading.Thread(target=erase, args=(landing_warehouse, late))
        overtaking.start()
        time.sleep(0.3)
        assert ingestion.statuses(page_view(user_id=early)) == ["stored"]  # not committed yet
    overtaking.join()
    batch = [page_view(user_id=early), page_view(user_id=late)]
    assert ingestion.statuses(batch) == ["suppressed", "suppressed"]


def test_an_erasure_made_with_another_secret_is_of_nobody(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    person = somebody()
    erase(landing_warehouse, person, secret="another")
    assert ingestion.statuses(page_view(user_id=person)) == ["stored"]
