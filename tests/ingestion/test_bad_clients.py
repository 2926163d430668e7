"""Clients that are slow, vanish or talk nonsense: they are let go, and others are served."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query, wait_for
from tests.servers import RunningIngestion, running_ingestion

MANY = 100
Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module")
def impatient(landing_warehouse: Warehouse) -> Iterator[RunningIngestion]:
    """Ingestion that gives a body a second to arrive. The tests of this file share it."""
    with running_ingestion(landing_warehouse, FOOTFALL_BODY_TIMEOUT_SECONDS="1") as running:
        running.verdicts([])
        yield running


@pytest.fixture
def connect(impatient: RunningIngestion) -> Iterator[Connect]:
    """Opens bare connections to it, which are closed at the end."""
    host, _, port = impatient.url.removeprefix("http://").partition(":")
    with ExitStack() as opened:

        def open_one() -> socket.socket:
            return opened.enter_context(socket.create_connection((host, int(port)), timeout=10))

        yield open_one


def request(ingestion: RunningIngestion, body: bytes, *, length: int | None = None) -> bytes:
    """Return the bytes of a request, whose body may be shorter than it says."""
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ingestion.write_key}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


def everything(connection: socket.socket) -> bytes:
    """Read until the other side closes, which may leave unread what was sent."""
    answer = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            answer += piece
    return answer


def assert_others_are_served(ingestion: RunningIngestion) -> None:
    for _ in range(20):
        started = time.monotonic()
        assert ingestion.statuses(page_view()) == ["stored"]
        assert time.monotonic() - started < 1


def test_a_body_that_trickles_is_given_up_and_its_connection_closed(
    impatient: RunningIngestion, connect: Connect
) -> None:
    slow = [connect() for _ in range(20)]
    started = time.monotonic()
    for one in slow:
        one.sendall(request(impatient, b"[", length=1_000))
    assert_others_are_served(impatient)
    while time.monotonic() - started < 0.8:
        for one in slow:
            one.sendall(b" ")
        time.sleep(0.1)
    for one in slow:
        head, _, body = everything(one).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert json.loads(body)["error"]["code"] == "body_too_slow"
    assert time.monotonic() - started < 4


def test_a_slow_body_that_arrives_in_time_is_taken(
    impatient: RunningIngestion, connect: Connect
) -> None:
    slow = connect()
    whole = request(impatient, json.dumps(page_view()).encode())
    for piece in (whole[:-60], whole[-60:-30], whole[-30:]):
        slow.sendall(piece)
        time.sleep(0.1)
    assert b'"stored"' in slow.recv(65_536)


def test_what_a_client_sent_that_does_not_wait_for_the_answer_lands(
    impatient: RunningIngestion, connect: Connect, landing_warehouse: Warehouse
) -> None:
    events = [page_view() for _ in range(20)]
    for event in events:
        hasty = connect()
        hasty.sendall(request(impatient, json.dumps(event).encode()))
        # read by the server before it learns that nobody listens
        wait_for(lambda: hasty.recv(1, socket.MSG_PEEK))  # noqa: B023
        hasty.close()
    for event in events:
        wait_for(
            lambda: query(
                landing_warehouse,
                "select 1 from raw.events where event_id = %s",
                event["event_id"],  # noqa: B023
            )
        )


def test_clients_that_vanish_in_the_middle_of_a_body_harm_nobody(
    impatient: RunningIngestion, connect: Connect
) -> None:
    for _ in range(MANY):
        one = connect()
        one.sendall(request(impatient, b'[{"category"', length=1_000))
        one.close()
    assert_others_are_served(impatient)


@pytest.mark.parametrize(
    "beginning", [b"", b"POST /v1/ev", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthoriz"]
)
def test_connections_that_stay_half_open_harm_nobody(
    impatient: RunningIngestion, connect: Connect, beginning: bytes
) -> None:
    for _ in range(MANY):
        connect().sendall(beginning)
    assert_others_are_served(impatient)


def test_pipelined_requests_are_answered_in_their_order(
    impatient: RunningIngestion, connect: Connect
) -> None:
    events = [page_view() for _ in range(10)]
    one = connect()
    one.sendall(b"".join(request(impatient, json.dumps(event).encode()) for event in events))
    answer = b""
    while answer.count(b'"stored"') < len(events):
        answer += one.recv(65_536)
    places = [answer.index(str(event["event_id"]).encode()) for event in events]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),  # TLS
        b"\x00" * 1_000,
        b"GET\r\n\r\n",
        b"POST /v1/events HTTP/9.9\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n",
        b"POST /v1/events HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    ],
)
def test_garbage_is_refused_and_harms_nobody(
    impatient: RunningIngestion, connect: Connect, garbage: bytes
) -> None:
    for _ in range(20):
        one = connect()
        one.sendall(garbage)
        with suppress(OSError):  # it is let go already
            one.shutdown(socket.SHUT_WR)
        answer = everything(one)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:100]
    assert_others_are_served(impatient)
