"""What every test may ask for: a real Postgres of its own, and a fresh warehouse in it."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from stack.postgres import EmbeddedPostgres
from warehouse.connections import connect, with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap
from warehouse.settings import load_settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PASSWORD = "only-for-tests"
_numbers = itertools.count(1)

# an example that takes long on a busy machine is no failure
settings.register_profile("footfall", deadline=None)
settings.load_profile("footfall")


@dataclass(frozen=True)
class Warehouse:
    """A migrated, empty warehouse of one test."""

    superuser_dsn: str

    def dsn(self, role: Role) -> str:
        return with_credentials(self.superuser_dsn, user=str(role), password=PASSWORD)


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nothing listens on.

    By chance, and below those that the system gives to whoever connects: several processes run
    tests at once, and what is free now shall still be so when its server has started.
    """
    while True:
        port = random.randrange(10_240, 32_000)  # noqa: S311
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def stop(process: subprocess.Popen[bytes], how: int = signal.SIGTERM, timeout: float = 20) -> None:
    """Stop a process that a test started, and wait until it is gone."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let fuzzing go on for longer than the suite has time for."""
    parser.addoption(
        "--fuzz-examples",
        type=int,
        help="how many requests to try of each operation; without it few, and always the same",
    )


@pytest.fixture
def fuzz_examples(request: pytest.FixtureRequest) -> int | None:
    """How many examples were asked for; None: none, so that it shall be quick."""
    examples: int | None = request.config.getoption("--fuzz-examples")
    return examples


@pytest.fixture(scope="session", autouse=True)
def _no_state_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests away from .footfall and from FOOTFALL_ variables of the caller."""
    saved = {name: value for name, value in os.environ.items() if name.startswith("FOOTFALL_")}
    for name in saved:
        del os.environ[name]
    os.environ["FOOTFALL_HOME"] = str(tmp_path_factory.mktemp("home"))
    load_settings.cache_clear()
    yield
    os.environ.update(saved)


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A directory for a server that runs as another user than the tests.

    Not below pytest's own: each pytest that starts closes that to all other users.
    """
    with tempfile.TemporaryDirectory(prefix="footfall-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[EmbeddedPostgres]:
    """A running Postgres on a free port, with roles and a migrated template database."""
    server = EmbeddedPostgres(
        server_directory / "postgres", free_port(), {"fsync": "off", "shared_buffers": "64MB"}
    )
    server.initialise()
    process = server.start()
    try:
        bootstrap(server.superuser_dsn, dict.fromkeys(Role, PASSWORD))
        owner = with_credentials(server.superuser_dsn, user=Role.OWNER, password=PASSWORD)
        upgrade(owner, partitions_ahead_days=3)
        yield server
    finally:
        stop(process, signal.SIGINT)


def new_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """Create a fresh, migrated warehouse database."""
    name = f"footfall_test_{next(_numbers)}"
    admin = postgres.superuser_dsn.rpartition("/")[0] + "/postgres"
    with connect(admin, autocommit=True) as connection:
        connection.execute(f"create database {name} template footfall".encode())
    dsn = f"{postgres.superuser_dsn.rpartition('/')[0]}/{name}"
    bootstrap(dsn, dict.fromkeys(Role, PASSWORD))  # privileges on a database are not copied
    return Warehouse(dsn)


@pytest.fixture
def warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """A fresh, migrated warehouse database, for this test alone."""
    return new_warehouse(postgres)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real input; tests that need it skip where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real input is not here: {SHARED_DATA.name} stands beside the project")
    return SHARED_DATA
