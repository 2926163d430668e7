"""Runs are killed at random moments of a simulated day, and Postgres once; nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.alerts import open_alerts
from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import PASSWORD, Warehouse, free_port, stop
from tests.pipeline.conftest import GivenGates, all_marts, settings_for
from tests.pipeline.test_incremental_equals_full_refresh import PEOPLE, THINGS
from tests.rows import land
from warehouse.connections import connect, with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap
from warehouse.settings import PROJECT_ROOT

MIDNIGHT = datetime(2024, 6, 3, tzinfo=UTC)
ROUNDS = 6
ROUND_OF_POSTGRES = 3
EVENTS_OF_A_LOAD = 25
SEED = 20240603


@dataclass
class Server:
    """A Postgres of this test's own, which it may kill."""

    postgres: EmbeddedPostgres
    process: subprocess.Popen[bytes]

    def crash_and_start_again(self) -> None:
        """End the server as a power failure would, and let it recover."""
        stop(self.process, signal.SIGQUIT)
        self.process = self.postgres.start()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="footfall-", ignore_cleanup_errors=True) as name:
        postgres = EmbeddedPostgres(
            Path(name) / "postgres", free_port(), {"shared_buffers": "64MB"}
        )
        postgres.initialise()
        running = Server(postgres, postgres.start())
        try:
            yield running
        finally:
            stop(running.process, signal.SIGINT)


@pytest.fixture(scope="module")
def warehouse(server: Server) -> Warehouse:
    dsn = server.postgres.superuser_dsn
    bootstrap(dsn, dict.fromkeys(Role, PASSWORD))
    owner = with_credentials(dsn, user=Role.OWNER, password=PASSWORD)
    upgrade(owner, partitions_ahead_days=3)
    return Warehouse(dsn)


@dataclass
class Runs:
    """A process that runs the pipeline in children."""

    process: subprocess.Popen[str]
    killed: int = 0

    def start(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return int(self._read("started"))

    def wait(self) -> int:
        return int(self._read("ended"))

    def _read(self, word: str) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == [word], line
        return line[-1]


@contextmanager
def runs_of(warehouse: Warehouse, home: Path) -> Iterator[Runs]:
    environment = {
        **os.environ,
        "FOOTFALL_TRANSFORM_DSN": warehouse.dsn(Role.TRANSFORM),
        "FOOTFALL_HOME": str(home),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.forked_runs"],
        env=environment,
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        runs = Runs(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield runs
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def land_an_hour(warehouse: Warehouse, chance: random.Random, hour: int) -> None:
    """Land two loads: what happened in an hour, some of it hours or days late."""
    for _ in range(2):
        land(
            warehouse,
            [
                {
                    **{name: value for name, value in chance.choice(THINGS).items()
                       if name != "event_id"},
                    **chance.choice(PEOPLE),
                    "occurred_at": MIDNIGHT
                    + timedelta(hours=hour, seconds=chance.randrange(3600))
                    - chance.choice([timedelta()] * 4 + [timedelta(hours=5), timedelta(days=2)]),
                }
                for _ in range(EVENTS_OF_A_LOAD)
            ],
        )  # fmt: skip


@pytest.fixture(scope="module")
def day(server: Server, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A day of runs: most are killed at some moment, one loses Postgres; the last goes through."""
    chance = random.Random(SEED)  # noqa: S311 - the same day each time
    with runs_of(warehouse, tmp_path_factory.mktemp("runs")) as runs:
        land_an_hour(warehouse, chance, 0)
        runs.start()
        started = time.monotonic()
        assert runs.wait() == 0
        longest = time.monotonic() - started
        for number in range(1, ROUNDS):
            land_an_hour(warehouse, chance, number)
            pid = runs.start()
            time.sleep(chance.uniform(0.05, 0.8 * longest))
            if number == ROUND_OF_POSTGRES:
                server.crash_and_start_again()
                assert runs.wait() in (0, 1)
            else:
                os.kill(pid, signal.SIGKILL)
                runs.killed += runs.wait() == -signal.SIGKILL
        land_an_hour(warehouse, chance, ROUNDS)
        runs.start()
        assert runs.wait() == 0
        return runs


def query(warehouse: Warehouse, statement: str) -> list[tuple[object, ...]]:
    with connect(warehouse.superuser_dsn) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_runs_were_killed_at_work(day: Runs) -> None:
    assert day.killed >= ROUNDS / 3


@pytest.mark.usefixtures("day")
def test_every_load_is_settled_and_by_exactly_one_run(warehouse: Warehouse) -> None:
    loads = 2 * (ROUNDS + 1)
    assert query(
        warehouse,
        "select count(*), count(*) filter (where loads.state = 'settled'),"
        " count(*) filter (where runs.state = 'succeeded' and runs.domain = 'core')"
        " from raw.loads as loads left join ops.runs as runs on loads.run_id = runs.run_id",
    ) == [(loads, loads, loads)]
    assert query(
        warehouse, "select sum(loads), sum(events) from ops.runs where state = 'succeeded'"
    ) == [(loads, loads * EVENTS_OF_A_LOAD)]


@pytest.mark.usefixtures("day")
def test_no_lock_and_no_session_of_a_run_remains(warehouse: Warehouse) -> None:
    assert query(warehouse, "select * from pg_locks where locktype = 'advisory'") == []
    sessions = "select application_name from pg_stat_activity where usename = 'footfall_transform'"
    assert query(warehouse, sessions) == []


@pytest.mark.usefixtures("day")
def test_what_happened_can_be_read(warehouse: Warehouse, day: Runs) -> None:
    states = query(warehouse, "select distinct state from ops.runs order by state")
    assert states == [("failed",), ("succeeded",)]
    reasons = query(
        warehouse,
        "select detail ->> 'reason', finished_at > started_at from ops.runs where state = 'failed'",
    )
    assert 0 < len(reasons) <= day.killed + 1
    assert all(reason and is_after for reason, is_after in reasons)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert open_alerts(connection) == []


@pytest.mark.usefixtures("day")
def test_no_mart_differs_from_a_full_refresh(warehouse: Warehouse) -> None:
    before = all_marts(warehouse)
    run(
        ["all"],
        settings=settings_for(warehouse),
        trigger="test",
        full_refresh=True,
        gates=GivenGates(),
    ).raise_for_state()
    assert all_marts(warehouse) == before
    assert sum(row[5] for row in before["daily_analytics"] if isinstance(row[5], int)) > 0
