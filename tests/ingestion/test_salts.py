"""The salt of the day: one for all replicas, gone after the next day."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from ingestion import salts
from ingestion.salts import AddressSalts
from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import page_view, query, stored
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

ADDRESS = "203.0.113.7"
DAYS = "select day from ops.address_salts order by day"


class Clock:
    """The time as the salts see it."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(salts, "_now", lambda: found.now)
    return found


@pytest.fixture
def replicas(warehouse: Warehouse) -> tuple[AddressSalts, AddressSalts]:
    """Salts of two replicas, each fetching as the ingest role."""

    async def fetch(statement: str, *values: object) -> Sequence[Any]:
        connection = await asyncpg.connect(warehouse.dsn(Role.INGEST))
        try:
            rows: Sequence[Any] = await connection.fetch(statement, *values)
        finally:
            await connection.close()
        return rows

    return AddressSalts(fetch), AddressSalts(fetch)


def share(*replicas: AddressSalts) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*(replica.share() for replica in replicas))

    asyncio.run(all_at_once())


def days(warehouse: Warehouse) -> list[str]:
    return [f"{row['day']:%d}" for row in query(warehouse, DAYS)]


def test_replicas_share_the_salt_that_the_first_has_made(
    replicas: tuple[AddressSalts, AddressSalts],
) -> None:
    one, other = replicas
    assert one.today() != other.today()
    share(one, other)
    assert one.today() == other.today()
    assert len(one.today()) == 32


def test_all_have_the_next_days_salt_before_midnight(
    replicas: tuple[AddressSalts, AddressSalts], clock: Clock
) -> None:
    share(*replicas)
    today = replicas[0].today()
    clock.now += dt.timedelta(hours=11, minutes=55)
    share(*replicas)
    assert [replica.today() for replica in replicas] == [today] * 2
    clock.now += dt.timedelta(minutes=5)
    assert replicas[0].today() == replicas[1].today() != today


def test_a_salt_is_deleted_after_the_next_day(
    warehouse: Warehouse, replicas: tuple[AddressSalts, AddressSalts], clock: Clock
) -> None:
    share(*replicas)
    assert days(warehouse) == ["25"]
    clock.now += dt.timedelta(days=1)
    share(*replicas)
    assert days(warehouse) == ["25", "26"]
    clock.now += dt.timedelta(hours=12)
    share(replicas[0])
    assert days(warehouse) == ["26", "27"]


def test_a_salt_that_is_gone_is_in_no_replicas_memory_either(
    replicas: tuple[AddressSalts, AddressSalts], clock: Clock
) -> None:
    share(*replicas)
    salt = replicas[0].today()
    clock.now += dt.timedelta(days=1)
    share(*replicas)
    clock.now -= dt.timedelta(days=1)
    assert replicas[0].today() != salt


def test_the_same_address_has_one_hash_on_all_replicas_and_after_a_restart(
    warehouse: Warehouse,
) -> None:
    hashes = set()
    with (
        running_ingestion(warehouse, FOOTFALL_IP_ADDRESSES="hashed") as one,
        running_ingestion(warehouse, FOOTFALL_IP_ADDRESSES="hashed") as other,
    ):
        hashes |= {hash_of(one, warehouse), hash_of(other, warehouse)}
    with running_ingestion(warehouse, FOOTFALL_IP_ADDRESSES="hashed") as again:
        hashes.add(hash_of(again, warehouse))
    assert len(hashes) == 1


def hash_of(ingestion: RunningIngestion, warehouse: Warehouse) -> str:
    """Return what is stored of the address."""
    event = page_view(context={"ip": ADDRESS})
    assert ingestion.statuses(event) == ["stored"]
    return str(stored(warehouse, event["event_id"])["context"]["ip"])


def test_a_setting_that_is_switched_to_hashed_has_the_shared_salt_at_once(
    following: RunningIngestion, landing_warehouse: Warehouse, home: Home
) -> None:
    with running_ingestion(landing_warehouse, FOOTFALL_IP_ADDRESSES="hashed") as other:
        home.write(FOOTFALL_IP_ADDRESSES="hashed")
        assert hash_of(following, landing_warehouse) == hash_of(other, landing_warehouse)


def test_a_salt_of_its_own_stands_in_until_it_can_be_shared(
    warehouse: Warehouse, replicas: tuple[AddressSalts, AddressSalts]
) -> None:
    one, other = replicas
    with connect(warehouse.superuser_dsn, autocommit=True) as connection:
        connection.execute("revoke insert on ops.address_salts from footfall_ingest")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            share(one)
        alone = one.today()
        with running_ingestion(warehouse, FOOTFALL_IP_ADDRESSES="hashed") as ingestion:
            assert hash_of(ingestion, warehouse) == hash_of(ingestion, warehouse)
        connection.execute("grant insert on ops.address_salts to footfall_ingest")
    share(one)
    share(other)
    assert other.today() == one.today() == alone
