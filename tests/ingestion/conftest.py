"""A running ingestion for the tests of a file, over a warehouse of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.servers import RunningIngestion, running_ingestion


@pytest.fixture(scope="module")
def landing_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """The warehouse that ``ingestion`` lands in. The tests of a file share it."""
    return new_warehouse(postgres)


@pytest.fixture(scope="module")
def ingestion(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion as its own process. The tests of a file share it."""
    with running_ingestion(landing_warehouse) as running:
        yield running
