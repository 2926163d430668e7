"""Imports into the ingestion that the tests of a file share; each test brings its own rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.client import EventSender
from ingestion.importer.job import ImportJob, open_source
from ingestion.importer.schema import Format
from tests.servers import RunningIngestion

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


@pytest.fixture
def sender(ingestion: RunningIngestion) -> Iterator[EventSender]:
    with EventSender(ingestion.url, ingestion.write_key) as sender:
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
