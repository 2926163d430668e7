"""What dialects ask the warehouse: known things are found, and an absent Postgres stops nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg
import pytest

from ingestion.limits import MAX_ENTITY_ID_BYTES
from ingestion.lookups import Lookups, Product
from tests.conftest import Warehouse, free_port
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

T = TypeVar("T")
KNOWN = "01939d2c-8a00-7000-8000-000000000001"
UNKNOWN = "01939d2c-8a00-7000-8000-000000000002"


class Asking:
    """Asks as the ingest role, and counts how often."""

    def __init__(self, dsn: str, *, delay_seconds: float = 0) -> None:
        self.questions = 0
        self._dsn = dsn
        self._delay_seconds = delay_seconds

    async def fetch(self, query: str, *values: object) -> Sequence[Any]:
        self.questions += 1
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute("select pg_sleep($1)", self._delay_seconds)
            rows: Sequence[Any] = await connection.fetch(query, *values)
            return rows
        finally:
            connection.terminate()

    def ask(self, question: Callable[[Lookups], Awaitable[T]]) -> T:
        async def run() -> T:
            return await question(Lookups(self.fetch))

        return asyncio.run(run())


@pytest.fixture
def asking(warehouse: Warehouse) -> Asking:
    return Asking(warehouse.dsn(Role.INGEST))


def add_product(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("insert into ops.products values ('b-1', 'Water bottle')")


def test_where_no_products_are_listed_any_is_taken_and_asked_about_once(asking: Asking) -> None:
    async def question(lookups: Lookups) -> list[Product]:
        return [await lookups.product(f"b-{number}") for number in range(3)]

    assert asking.ask(question) == [Product(None, is_taken=True)] * 3
    assert asking.questions == 1


def test_listed_products_have_a_name_and_no_others_are_taken(
    asking: Asking, warehouse: Warehouse
) -> None:
    add_product(warehouse)

    async def question(lookups: Lookups) -> list[Product]:
        return [await lookups.product(one) for one in ("b-1", "b-2", "b-1", "b-2")]

    known, unknown = Product("Water bottle", is_taken=True), Product(None, is_taken=False)
    assert asking.ask(question) == [known, unknown, known, unknown]
    assert asking.questions == 2


@pytest.mark.parametrize("product_id", ["b\x00", "b\ud800", "b" * (MAX_ENTITY_ID_BYTES + 1)])
def test_an_id_that_no_event_may_have_is_no_question(
    asking: Asking, warehouse: Warehouse, product_id: str
) -> None:
    add_product(warehouse)
    asking.ask(lambda lookups: lookups.product(product_id))
    assert asking.questions == 0


def test_the_first_stored_of_some_event_ids_is_found(asking: Asking, warehouse: Warehouse) -> None:
    land(warehouse, [{"event_id": KNOWN}])
    assert asking.ask(lambda lookups: lookups.stored([UNKNOWN, KNOWN])) == KNOWN
    assert asking.ask(lambda lookups: lookups.stored([UNKNOWN])) is None


def test_while_postgres_is_away_everything_is_taken_and_nobody_waits() -> None:
    asking = Asking(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")

    async def question(lookups: Lookups) -> tuple[Product, str | None]:
        return await lookups.product("b-1"), await lookups.stored([UNKNOWN, KNOWN])

    assert asking.ask(question) == (Product(None, is_taken=True), UNKNOWN)
    assert asking.questions == 1


def test_a_postgres_that_hangs_is_not_waited_for(warehouse: Warehouse) -> None:
    add_product(warehouse)
    asking = Asking(warehouse.dsn(Role.INGEST), delay_seconds=20)
    started = time.monotonic()
    assert asking.ask(lambda lookups: lookups.product("b-2")).is_taken
    assert time.monotonic() - started < 5
