"""A running ingestion for the tests of a file, and a Postgres that a test may kill."""

from __future__ import annotations

import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack.postgres import EmbeddedPostgres, PostgresStartError
from tests.conftest import PASSWORD, Warehouse, free_port, new_warehouse, stop
from tests.ingestion.homes import Home
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap


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


@dataclass
class OwnPostgres:
    """A Postgres with durable commits, which the tests of a file may stop and start.

    Attributes:
        server: The server.
        process: Its process, as last started.
    """

    server: EmbeddedPostgres
    process: subprocess.Popen[bytes]

    def new_warehouse(self) -> Warehouse:
        """Create a fresh, migrated warehouse in it."""
        return new_warehouse(self.server)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it, in good order or by SIGKILL."""
        stop(self.process, how)

    def start(self) -> None:
        """Start it again, once the children of one that was killed are gone too."""
        deadline = time.monotonic() + 10
        while True:
            try:
                self.process = self.server.start()
                return
            except PostgresStartError:
                if time.monotonic() > deadline:
                    raise


@pytest.fixture(scope="module")
def own_postgres(server_directory: Path) -> Iterator[OwnPostgres]:
    """A Postgres that the tests of a file may stop, kill and start."""
    directory = server_directory / f"own-{uuid.uuid4().hex}"
    server = EmbeddedPostgres(directory, free_port(), {"shared_buffers": "64MB"})
    server.initialise()
    own = OwnPostgres(server, server.start())
    try:
        bootstrap(server.superuser_dsn, dict.fromkeys(Role, PASSWORD))
        owner = with_credentials(server.superuser_dsn, user=Role.OWNER, password=PASSWORD)
        upgrade(owner, partitions_ahead_days=3)
        yield own
    finally:
        own.stop()
