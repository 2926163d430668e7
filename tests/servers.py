"""Ingestion as a process of its own, for tests that send real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ingestion.keys import ensure_key
from tests.conftest import Warehouse, free_port, stop
from warehouse.connections import connect
from warehouse.roles import Role

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
PRIVACY_SECRET = "only-for-tests"
KEY_OF_TESTS = "fw_key-of-tests"
KEY_OF_PAGES = "fw_key-of-pages"
PAGE = "https://shop.example"
FROM_A_PAGE = {"origin": PAGE, "authorization": f"Bearer {KEY_OF_PAGES}"}


def _client() -> httpx.Client:
    """Return a client that keeps no cookie from one request for the next."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(timeout=60, trust_env=False, cookies=jar)


@dataclass(frozen=True)
class RunningIngestion:
    """A running ingestion.

    Attributes:
        url: Base URL.
        write_key: A valid write key, of the source ``test``.
        process: The process; whoever kills it needs not tell.
        client: Connections to it, for any number of threads.
    """

    url: str
    write_key: str
    process: subprocess.Popen[bytes]
    client: httpx.Client = field(default_factory=_client, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The header that carries the write key."""
        return {"authorization": f"Bearer {self.write_key}"}

    def send(self, body: Any, **headers: str) -> httpx.Response:
        """POST events to the canonical endpoint.

        Args:
            body: Bytes as they are, or anything that becomes JSON.
            headers: On top of the write key, with ``_`` for ``-``.
        """
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.client.post(
            f"{self.url}/v1/events",
            headers={**self.headers, **extra},
            content=content,
        )

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request to any endpoint, with the write key.

        Args:
            method: HTTP method.
            path: Where to.
            body: Bytes as they are, anything that becomes JSON, or None for none.
            headers: On top of the write key, or in its place.
        """
        content = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        return self.client.request(
            method, self.url + path, headers={**self.headers, **(headers or {})}, content=content
        )

    def verdicts(self, body: Any, **headers: str) -> list[dict[str, Any]]:
        """POST events, and return their verdicts."""
        response = self.send(body, **headers)
        assert response.status_code == httpx.codes.OK, response.text
        results: list[dict[str, Any]] = response.json()["results"]
        return results

    def statuses(self, body: Any, **headers: str) -> list[str]:
        """POST events, and return the status of each."""
        return [verdict["status"] for verdict in self.verdicts(body, **headers)]


@contextmanager
def running_ingestion(
    warehouse: Warehouse, *, port: int | None = None, **environment: str
) -> Iterator[RunningIngestion]:
    """Run ``python -m ingestion`` on a free port for the duration of a ``with`` block.

    Args:
        warehouse: Where its events go.
        port: TCP port, where it must be a certain one.
        environment: Further variables, such as ``FOOTFALL_MAX_DEPTH``. Without ``FOOTFALL_HOME``
            and ``FOOTFALL_SPOOL_DIR`` it has a home and a spool of its own, which go with it.

    Yields:
        The running process, ready to take events.
    """
    port = port or free_port()
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        ensure_key(connection, name="tests", source="test", key=KEY_OF_TESTS)
        ensure_key(connection, name="pages", source="test", key=KEY_OF_PAGES)
        connection.execute(
            "update ops.write_keys set allowed_origins = %s where name = 'pages'", ([PAGE],)
        )
    with tempfile.TemporaryDirectory(prefix="footfall-home-") as own:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingestion"],
            cwd=PROJECT,
            env={
                **os.environ,
                "FOOTFALL_INGEST_DSN": warehouse.dsn(Role.INGEST),
                "FOOTFALL_PRIVACY_SECRET": PRIVACY_SECRET,
                "FOOTFALL_INGESTION_PORT": str(port),
                "FOOTFALL_HOME": own,
                "FOOTFALL_SPOOL_DIR": f"{own}/spool",
                **environment,
            },
        )
        running = RunningIngestion(f"http://127.0.0.1:{port}", KEY_OF_TESTS, process)
        try:
            _wait_until_ready(running)
            yield running
        finally:
            running.client.close()
            stop(process)


def _wait_until_ready(running: RunningIngestion) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answer = running.client.get(f"{running.url}/health/ready", timeout=5)
            if answer.status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        assert running.process.poll() is None, "ingestion ended before it was ready"
        assert time.monotonic() < deadline, "ingestion is not ready in time"
        time.sleep(0.05)
