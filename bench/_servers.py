"""What is measured, each as a process of its own: Postgres, Footfall's ingestion, the plain way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from ingestion.keys import create_key
from stack.postgres import EmbeddedPostgres
from warehouse.connections import connect, engine, with_credentials
from warehouse.migrate import upgrade
from warehouse.roles import Role, bootstrap
from warehouse.settings import PROJECT_ROOT

_PASSWORD = "only-for-measuring"  # noqa: S105
# Everything that an operator may switch on is on; the rate limit is one that is not reached.
EVERYTHING_ON = {
    "FOOTFALL_CONSENT": "opt_out",
    "FOOTFALL_PRIVACY_SIGNALS": "honour",
    "FOOTFALL_IP_ADDRESSES": "truncated",
    "FOOTFALL_USER_AGENTS": "reduced",
    "FOOTFALL_RATE_LIMIT_KEY_EVENTS": "1000000000",
}


class Target(NamedTuple):
    """A server that takes events.

    Attributes:
        url: Its base URL.
        key: Write key.
        process: The process.
    """

    url: str
    key: str
    process: psutil.Process


def dsn_of(owner: str, role: Role) -> str:
    """Return the DSN of another role for the warehouse that an owner's DSN leads to."""
    return with_credentials(owner, user=role, password=_PASSWORD)


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """Run an empty warehouse with durable commits for the block, and yield the owner's DSN.

    Args:
        directory: An empty directory for its files.
    """
    directory.mkdir(exist_ok=True)
    directory.chmod(0o711)  # it runs as another user
    server = EmbeddedPostgres(directory / "postgres", _free_port())
    server.initialise()
    process = server.start()
    try:
        bootstrap(server.superuser_dsn, dict.fromkeys(Role, _PASSWORD))
        owner = with_credentials(server.superuser_dsn, user=Role.OWNER, password=_PASSWORD)
        upgrade(owner, partitions_ahead_days=3)
        yield owner
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def ingestion(owner: str, home: Path) -> Iterator[Target]:
    """Run ingestion with everything on for the block.

    Args:
        owner: DSN of the warehouse's owner.
        home: Its state directory.
    """
    with connect(owner) as connection:
        key = create_key(connection, name="bench", source="bench")
    environment = {
        **EVERYTHING_ON,
        "FOOTFALL_HOME": str(home),
        "FOOTFALL_INGEST_DSN": dsn_of(owner, Role.INGEST),
        "FOOTFALL_PRIVACY_SECRET": _PASSWORD,
    }
    port = _free_port()
    environment["FOOTFALL_INGESTION_PORT"] = str(port)
    with _running(["ingestion"], environment, port) as process:
        yield Target(f"http://127.0.0.1:{port}", key, process)


@contextmanager
def plain(owner: str, workers: int) -> Iterator[Target]:
    """Run :mod:`bench.plain` for the block.

    Args:
        owner: DSN of the warehouse's owner; the plain way has a table of its own.
        workers: How many processes serve.
    """
    os.environ["BENCH_DSN"] = owner
    from bench.plain import metadata

    metadata.create_all(engine(owner))
    port = _free_port()
    command = ["uvicorn", "bench.plain:app", "--port", str(port), "--workers", str(workers)]
    command += ["--no-access-log", "--log-level", "error"]
    with _running(command, {"BENCH_DSN": owner}, port) as process:
        yield Target(f"http://127.0.0.1:{port}", "", process)


@contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], port: int
) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=PROJECT_ROOT, env={**os.environ, **environment}
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                ready = f"http://127.0.0.1:{port}/health/ready"
                httpx.get(ready, trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, f"{command[0]} ended"
                assert time.monotonic() < deadline, f"{command[0]} is not ready"
                time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
