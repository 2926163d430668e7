"""Whatever is sent: the answer is one that the OpenAPI document knows, and no failure of ours.

``pytest tests/ingestion/test_fuzz.py --fuzz-examples=1000`` tries more, and others each time.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.ingestion.ledger import assert_ledger_adds_up, page_view
from tests.servers import PROJECT, RunningIngestion, running_ingestion

EXAMPLES = 15
SECONDS = 600
ADMIN_TOKEN = "admin-token-of-tests"
UNLIMITED: dict[str, Any] = {
    "FOOTFALL_ADMIN_TOKEN": ADMIN_TOKEN,
    "FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS": "0",
    "FOOTFALL_RATE_LIMIT_KEY_EVENTS": "0",
}
# Instead of the whole catalogue, of which all combinations would take minutes.
KINDS = """
category: kind
description: Fields of every kind.
keep_days: 30
personal: false
event_types:
  every:
    description: Has a field of every kind.
    entity_type: thing
    fields:
      entity_id: {description: required id, required: true}
      value: {description: bounded amount, minimum: 0, maximum: 100}
      context.country: {description: required context, required: true}
      properties.text: {type: string, description: required text, required: true}
      properties.choice: {type: string, description: one of some, allowed: [a, b]}
      properties.level: {type: integer, description: one of some numbers, allowed: [1, 2]}
      properties.count: {type: integer, description: bounded, minimum: 0, maximum: 9}
      properties.ratio: {type: number, description: bounded, minimum: 0, maximum: 1}
      properties.flag: {type: boolean, description: true or false}
      properties.object: {type: object, description: anything inside}
      properties.array: {type: array, description: anything inside}
    example:
      entity_id: e1
      context: {country: Norway}
      properties: {text: t, choice: a, level: 1, count: 1, ratio: 0.5, flag: true}
"""
USER = """
category: user
description: What the example of the API reference sends.
keep_days: 30
personal: true
event_types:
  page_view: {description: A page was looked at., example: {user_id: u-17}}
"""


@pytest.fixture(scope="module")
def fuzzed_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    return new_warehouse(postgres)


@pytest.fixture(scope="module")
def fuzzed(fuzzed_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    with running_ingestion(fuzzed_warehouse, **UNLIMITED) as running:
        yield running


def schemathesis(ingestion: RunningIngestion, examples: int | None, *options: str) -> None:
    """Run Schemathesis over the OpenAPI document that an ingestion serves.

    Args:
        ingestion: Whose.
        examples: How many requests to try of each operation; None: few, and always the same.
        options: Further options of its command.
    """
    chance = ["--generation-deterministic"] if examples is None else ["--generation-database=none"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(Path(__file__).with_name("fuzzing.toml"))),
            *("run", f"{ingestion.url}/openapi.json", "--no-color"),
            f"--max-examples={examples or EXAMPLES}",
            *chance,
            *options,
        ],
        cwd=PROJECT,
        env={
            **os.environ,
            "FUZZ_WRITE_KEY": ingestion.write_key,
            "FUZZ_ADMIN_TOKEN": ADMIN_TOKEN,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=None if examples else SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert ingestion.process.poll() is None


def test_no_request_gets_an_answer_that_the_openapi_document_does_not_know(
    fuzzed: RunningIngestion, fuzzed_warehouse: Warehouse, fuzz_examples: int | None
) -> None:
    schemathesis(fuzzed, fuzz_examples, "--exclude-path=/v1/events")
    assert assert_ledger_adds_up(fuzzed_warehouse)["stored"] > 0


def test_an_event_is_stored_if_and_only_if_the_openapi_document_allows_it(
    warehouse: Warehouse, tmp_path: Path, fuzz_examples: int | None
) -> None:
    (tmp_path / "kind.yaml").write_text(KINDS)
    (tmp_path / "user.yaml").write_text(USER)
    with running_ingestion(
        warehouse,
        FOOTFALL_CATALOG_DIR=str(tmp_path),
        FOOTFALL_IP_ADDRESSES="full",  # what is not kept is not looked into
        FOOTFALL_USER_AGENTS="full",
        **UNLIMITED,
    ) as running:
        schemathesis(running, fuzz_examples, "--include-path=/v1/events")
    assert assert_ledger_adds_up(warehouse)["stored"] > 0


TOKEN = st.text("ABCabc-_!#$%&'*+.^`|~019", min_size=1, max_size=20).map(str.encode)
METHODS = st.sampled_from([b"POST", b"GET", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"TRACE", b""])
TARGETS = st.sampled_from(
    [b"/v1/events", b"/health/", b"/", b"*", b"http://x/v1/events", b"/v1/events?\xff#", b"/%00%"]
)
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"http/1.1", b""])
HEADERS = st.sampled_from(
    [
        b"Content-Length: 0",
        b"Content-Length: 5",
        b"Content-Length: 99999999999999999999999",
        b"Content-Length: -1",
        b"Content-Length: 5, 6",
        b"Content-Length : 5",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Content-Encoding: gzip",
        b"Content-Type: application/x-ndjson",
        b"Content-Type: \xff\xfe",
        b"Expect: 100-continue",
        b"Connection: upgrade\r\nUpgrade: websocket",
        b"Authorization: Bearer \xff",
        b"X-Forwarded-For: " + b"1.1.1.1, " * 2_000,
        b"Cookie: sessionid=" + b"x" * 200_000,
        b"X-Request-Id: \x00",
        b"traceparent: 00-" + b"0" * 5_000,
        b": no name",
        b" folded",
        b"no colon",
    ]
)
BODIES = st.sampled_from(
    [
        b"",
        b"{}",
        b'{"category": "user", "event_type": "login"}',
        b"2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n",
        b"ffffffffffffffffff\r\n{}",
        b"-1\r\n{}\r\n0\r\n\r\n",
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"2;" + b"x" * 70_000 + b"\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nX-Trailer: \x00\r\n\r\n",
        b"\x1f\x8b\x08\x00" + b"\x00" * 20,
        b"[" * 100_000,
        b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Return what is nearly a request, or not at all."""
    noise = st.binary(max_size=200)
    line = draw(
        st.tuples(METHODS | TOKEN | noise, TARGETS | noise, VERSIONS | noise).map(b" ".join) | noise
    )
    random_header = st.tuples(TOKEN | noise, noise).map(b": ".join)
    headers = draw(st.lists(HEADERS | random_header, max_size=5))
    headers += draw(st.sampled_from([[b"Host: x"], [], [b"Host: x"] * 2]))
    headers += draw(st.sampled_from([[b"Authorization: Bearer fw_key-of-tests"], []]))
    end = draw(st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\n", b""]))
    return b"\r\n".join([line, *headers]) + end + draw(BODIES | noise)


def exchange(ingestion: RunningIngestion, request: bytes) -> bytes:
    """Send bytes and nothing more, and return what comes back."""
    address = urlsplit(ingestion.url)
    received = b""
    with socket.create_connection((str(address.hostname), address.port or 0), 10) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except TimeoutError:
            raise
        except OSError:
            pass  # the server had enough of it
    return received


def test_no_bytes_on_a_connection_harm_the_server(
    fuzzed: RunningIngestion, fuzzed_warehouse: Warehouse, fuzz_examples: int | None
) -> None:
    @settings(
        max_examples=(fuzz_examples or EXAMPLES) * 20,
        derandomize=fuzz_examples is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests())
    def send(request: bytes) -> None:
        answer = exchange(fuzzed, request)
        assert answer == b"" or answer.startswith(b"HTTP/1."), answer[:200]
        assert b"HTTP/1.1 5" not in answer, answer[:500]

    send()
    assert fuzzed.process.poll() is None
    assert fuzzed.statuses(page_view()) == ["stored"]
    assert_ledger_adds_up(fuzzed_warehouse)
