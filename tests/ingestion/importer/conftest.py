"""One ingestion for all tests of imports; each test brings rows of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.client import EventSender
from ingestion.importer.job import ImportJob, open_source
from ingestion.importer.mapping import Format
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.servers import RunningIngestion, running_ingestion

MakeJob = Callable[..., ImportJob]

VISITS = """\
description: Visits of a small site.
columns: [time, event, visitor]
time: {column: time}
fields: {anonymous_id: visitor}
events:
  - {when: {event: seen}, event: user/page_view}
  - {when: {event: opened}, event: product/view}
"""


@pytest.fixture(scope="package")
def shared_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    return new_warehouse(postgres)


@pytest.fixture(scope="package")
def shared_ingestion(shared_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    with running_ingestion(shared_warehouse) as running:
        yield running


@pytest.fixture
def sender(shared_ingestion: RunningIngestion) -> Iterator[EventSender]:
    with EventSender(shared_ingestion.url, shared_ingestion.write_key) as sender:
        yield sender


@pytest.fixture
def visits(tmp_path: Path) -> str:
    """A mapping for files with the columns time, event and visitor."""
    path = tmp_path / "visits.yaml"
    path.write_text(VISITS)
    return str(path)


@pytest.fixture
def make_job(tmp_path: Path, sender: EventSender, visits: str) -> MakeJob:
    """Prepare the import of a file with the columns of the mapping ``visits``."""

    def make(
        path: Path,
        file_format: Format = "csv",
        mapping: str | None = visits,
        *,
        restart: bool = False,
    ) -> ImportJob:
        source = open_source(path, file_format, mapping)
        return ImportJob(source, sender, tmp_path / "home", restart=restart)

    return make
