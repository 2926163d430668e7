"""Requests from which nothing can be taken: a documented 4xx that says what to do."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query
from tests.servers import RunningIngestion, running_ingestion


def error(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, which always has this form."""
    content = answer.json()
    assert content.keys() == {"error"}
    assert content["error"].keys() == {"code", "message"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return answer.status_code, content["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"hello",
        b"12",
        b'"text"',
        b"null",
        b"{",
        b"[",
        b'{"category": "user"',
        b'[{"category": "user"},',
        b"[{]}",
        b'{"a": 1} x',
        b"{'category': 'user'}",
        b"category=user&event_type=page_view",
        b'{"events": [{"category": "user"}',
    ],
)
def test_a_body_that_is_not_json_is_refused(ingestion: RunningIngestion, body: bytes) -> None:
    assert error(ingestion.send(body)) == (400, "not_json")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Basic fw_key-of-tests", "fw_key-of-tests"]
)
def test_a_request_without_a_credential_is_refused(
    ingestion: RunningIngestion, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.post(
        f"{ingestion.url}/v1/events", json=page_view(), headers=headers, trust_env=False
    )
    assert error(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == 'Bearer realm="footfall"'


@pytest.mark.parametrize(
    "body", [b"no gzip", gzip.compress(b"[]" * 99, mtime=0)[:-9], zlib.compress(b"[]")]
)
def test_a_body_that_is_not_the_gzip_that_it_claims_is_refused(
    ingestion: RunningIngestion, body: bytes
) -> None:
    assert error(ingestion.send(body, content_encoding="gzip")) == (400, "not_gzip")


def test_gzip_without_its_header_is_refused_with_a_hint(ingestion: RunningIngestion) -> None:
    answer = ingestion.send(gzip.compress(json.dumps(page_view()).encode()))
    assert error(answer) == (400, "not_json")
    assert "Content-Encoding" in answer.json()["error"]["message"]


def test_gzip_in_several_members_is_one_body(ingestion: RunningIngestion) -> None:
    body = gzip.compress(json.dumps(page_view()).encode() + b"\n")
    more = gzip.compress(json.dumps(page_view()).encode())
    assert ingestion.statuses(body + more, content_encoding="gzip") == ["stored", "stored"]


def test_an_unknown_compression_is_refused(ingestion: RunningIngestion) -> None:
    answer = ingestion.send(b"x", content_encoding="br")
    assert error(answer) == (415, "unsupported_encoding")
    assert "gzip" in answer.headers["accept-encoding"]


def test_a_gzip_bomb_is_refused_without_being_unpacked(ingestion: RunningIngestion) -> None:
    bomb = gzip.compress(b"[" + b" " * 300_000_000 + b"]", compresslevel=1)
    answer = ingestion.send(bomb, content_encoding="gzip")
    assert error(answer) == (413, "body_too_large")
    with open(f"/proc/{ingestion.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 200_000  # kB


def test_a_body_over_the_limit_is_refused_plain_or_compressed(warehouse: Warehouse) -> None:
    body = json.dumps([page_view() for _ in range(10)]).encode()
    with running_ingestion(warehouse, FOOTFALL_MAX_BODY_BYTES="500") as ingestion:
        assert error(ingestion.send(body)) == (413, "body_too_large")
        compressed = gzip.compress(body)
        assert len(compressed) < 500
        answer = ingestion.send(compressed, content_encoding="gzip")
        assert error(answer) == (413, "body_too_large")
        assert "FOOTFALL_MAX_BODY_BYTES" in answer.json()["error"]["message"]
        assert ingestion.statuses(page_view()) == ["stored"]


def test_a_body_of_unannounced_length_is_refused_once_it_exceeds_the_limit(
    ingestion: RunningIngestion,
) -> None:
    def endless() -> Iterator[bytes]:
        yield b"["
        while True:
            yield b" " * 1_000_000

    answer = httpx.post(
        f"{ingestion.url}/v1/events", content=endless(), headers=ingestion.headers, trust_env=False
    )
    assert error(answer) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/v1/events", None, 401),
        ("/v1/events", "Bearer fw_key-of-tests", 413),
        ("/v1/event", "Bearer fw_key-of-tests", 404),
        ("/docs", None, 405),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_a_sender_that_writes_on_sees_why_it_is_refused(
    ingestion: RunningIngestion,
    path: str,
    authorization: str | None,
    status: int,
    is_chunked: bool,
) -> None:
    pieces = [b"x" * 1_000_000] * 12
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.post(
        f"{ingestion.url}{path}",
        content=iter(pieces) if is_chunked else b"".join(pieces),
        headers=headers,
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == status


def test_a_batch_over_the_limit_is_refused_as_a_whole(warehouse: Warehouse) -> None:
    with running_ingestion(warehouse, FOOTFALL_MAX_BATCH_EVENTS="3") as ingestion:
        answer = ingestion.send([page_view() for _ in range(4)])
        assert error(answer) == (413, "batch_too_large")
        assert "FOOTFALL_MAX_BATCH_EVENTS" in answer.json()["error"]["message"]
        assert ingestion.statuses([page_view() for _ in range(3)]) == ["stored"] * 3
    assert query(warehouse, "select sum(received)::int as n from raw.loads") == [{"n": 3}]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused(ingestion: RunningIngestion, method: str) -> None:
    answer = httpx.request(method, f"{ingestion.url}/v1/events", trust_env=False)
    assert error(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ["/health/live", "/v1/catalogue", "/docs", "/docs/assets/none"])
def test_a_page_takes_no_events(ingestion: RunningIngestion, path: str) -> None:
    answer = httpx.post(f"{ingestion.url}{path}", json=page_view(), trust_env=False)
    assert error(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("path", "methods"), [("/v1/events", "OPTIONS, POST"), ("/docs", "GET, HEAD, OPTIONS")]
)
def test_options_tell_the_methods_of_a_path(
    ingestion: RunningIngestion, path: str, methods: str
) -> None:
    answer = httpx.options(f"{ingestion.url}{path}", trust_env=False)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == methods
    assert answer.headers["x-request-id"]


def test_head_says_what_get_says_without_the_body(ingestion: RunningIngestion) -> None:
    for path, status in (("/docs", 200), ("/nowhere", 404), ("/v1/events", 405)):
        answer = httpx.head(f"{ingestion.url}{path}", trust_env=False)
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "DELETE"])
@pytest.mark.parametrize("path", ["/v2/events", "/", "//v1/events", "/%00", "/%ff"])
def test_an_unknown_path_is_not_found(ingestion: RunningIngestion, path: str, method: str) -> None:
    answer = httpx.request(method, f"{ingestion.url}{path}", trust_env=False)
    assert answer.status_code == 404
    assert method == "HEAD" or error(answer) == (404, "not_found")


def test_a_method_that_http_does_not_know_is_refused(ingestion: RunningIngestion) -> None:
    answer = httpx.request("BREW", f"{ingestion.url}/v1/events", trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_http")


@pytest.mark.parametrize("name", ["none", "../request.py", "%2e%2e/app.py", "%00", "a" * 5000])
def test_an_unknown_file_is_not_found(ingestion: RunningIngestion, name: str) -> None:
    answer = httpx.get(f"{ingestion.url}/docs/assets/{name}", trust_env=False)
    assert error(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/v1/events/", "/v1/events"), ("/health", "/health/"), ("/docs/", "/docs")],
)
def test_a_slash_too_many_or_too_few_is_pointed_out(
    ingestion: RunningIngestion, path: str, meant: str
) -> None:
    answer = httpx.get(f"{ingestion.url}{path}", trust_env=False)
    assert error(answer) == (404, "not_found")
    assert answer.json()["error"]["message"].endswith(f"did you mean {meant}")


def test_a_sender_that_goes_away_in_the_middle_harms_nobody(ingestion: RunningIngestion) -> None:
    host, _, port = ingestion.url.removeprefix("http://").partition(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as sender:
            sender.sendall(
                b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n"
                b"authorization: Bearer " + ingestion.write_key.encode() + b'\r\n\r\n{"categ'
            )
    assert ingestion.statuses(page_view()) == ["stored"]


def test_the_request_id_of_the_sender_is_returned(ingestion: RunningIngestion) -> None:
    assert ingestion.send(page_view(), x_request_id="abc-1").headers["x-request-id"] == "abc-1"
    assert ingestion.send(page_view(), x_request_id="a b").headers["x-request-id"] != "a b"


def test_the_trace_of_the_sender_is_the_request_id_where_it_gives_none(
    ingestion: RunningIngestion,
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    traceparent = f"00-{trace}-00f067aa0ba902b7-01"
    answer = ingestion.send(page_view(), traceparent=traceparent)
    assert answer.headers["x-request-id"] == trace
    answer = ingestion.send(page_view(), traceparent=traceparent, x_request_id="mine")
    assert answer.headers["x-request-id"] == "mine"
