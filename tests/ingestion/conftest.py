"""A running ingestion for the tests of a file, over a warehouse of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.homes import Home
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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The state directory of ``following``. The tests of a file share it."""
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def following(landing_warehouse: Warehouse, home: Home) -> Iterator[RunningIngestion]:
    """Ingestion whose environment says nothing of what the file in ``home`` may say."""
    with running_ingestion(landing_warehouse, FOOTFALL_HOME=str(home.path)) as running:
        yield running
