"""The real thing, brought up once by the command and taken down at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stack.processes import find_marked
from stack.state import read_env_file
from stack.supervise import Supervisor
from tests.conftest import free_port


@dataclass(frozen=True)
class Installation:
    """A state directory in which everything runs.

    Attributes:
        home: The state directory.
        environment: Of the commands that act on it.
        first_up: What the first ``footfall up`` printed.
        seconds: How long it took.
    """

    home: Path
    environment: dict[str, str]
    first_up: str
    seconds: float

    def footfall(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command against this state directory."""
        return run_footfall(self.environment, *words)

    def value(self, name: str) -> str:
        """Return a value of footfall.env."""
        return read_env_file(self.home)[f"FOOTFALL_{name}"]

    def query(self, statement: str, dsn: str = "SERVING_DSN") -> list[tuple[Any, ...]]:
        """Return the rows of a statement, as the role that may read raw, ops and marts."""
        with psycopg.connect(self.value(dsn)) as connection:
            return connection.execute(statement.encode()).fetchall()

    def status(self) -> dict[str, Any]:
        """Return what ``footfall status --json`` says."""
        return dict(json.loads(self.footfall("status", "--json").stdout))

    def log_tail(self, part: str) -> str:
        """Return the end of a part's log."""
        return Supervisor(self.home).log_tail(part)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return the parts of the status, by name."""
        return {part["name"]: part for part in self.status()["parts"]}


def run_footfall(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def installation(server_directory: Path) -> Iterator[Installation]:
    """Everything, up and running, with the demo day in the marts."""
    home = server_directory / "state directory"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")},
        "FOOTFALL_HOME": str(home),
        **{
            f"FOOTFALL_{part}_PORT": str(free_port())
            for part in ("POSTGRES", "INGESTION", "SERVING", "AIRFLOW")
        },
    }
    started = time.monotonic()
    try:
        done = run_footfall(environment, "up")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Installation(home, environment, done.stdout, time.monotonic() - started)
    finally:
        run_footfall(environment, "down")
        assert find_marked(home) == []
