"""A running ingestion for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Warehouse
from tests.servers import RunningIngestion, running_ingestion


@pytest.fixture
def ingestion(warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion as its own process over the test's warehouse."""
    with running_ingestion(warehouse) as running:
        yield running
