"""HTTP/1.1 as clients and proxies speak it: each request once, in order, and within its bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvloop

from ingestion.server import listener as listening
from ingestion.server.connection import MAX_HEAD_BYTES, MAX_HEADERS
from ingestion.server.exchange import (
    BodyTooLargeError,
    DisconnectedError,
    Exchange,
    whole_answer,
)
from ingestion.server.listener import Listener
from tests.conftest import free_port

LIMIT = 1_000_000
HOST = "127.0.0.1"
Work = Callable[["Server"], Awaitable[Any]]


class Server:
    """A listener that answers with what it was sent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.listener = Listener(self.handle, self.refuse)
        self.seen: list[Exchange] = []
        self.lost = 0
        self.clients: list[asyncio.StreamWriter] = []

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange)
        if exchange.path == "/broken":
            raise ValueError("broken")
        if exchange.path == "/slow":
            await asyncio.sleep(0.3)
        try:
            body = await exchange.read(LIMIT)
        except DisconnectedError:
            self.lost += 1
            raise
        except BodyTooLargeError:
            await exchange.discard(4 * LIMIT, 1)
            exchange.answer(413, [], b"too large")
            return
        said = {
            "method": exchange.method,
            "path": exchange.path,
            "query": exchange.query.decode(),
            "client": exchange.client,
            "names": exchange.headers.get(b"x-name", b"").decode(),
            "size": len(body),
            "body": body[:100].decode(),
        }
        exchange.answer(200, [(b"content-type", b"application/json")], json.dumps(said).encode())

    def refuse(self, *, is_too_large: bool) -> bytes:
        return whole_answer(431 if is_too_large else 400, [], b"no request")

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(HOST, self.port)
        self.clients.append(writer)
        return reader, writer

    async def exchange(self, *pieces: bytes) -> bytes:
        """Send pieces one after the other; return all that comes until the other side closes."""
        reader, writer = await self.open()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        return await asyncio.wait_for(reader.read(), 5)


def serve(work: Work) -> Any:
    async def run() -> Any:
        server = Server(free_port())
        await server.listener.start(HOST, server.port)
        try:
            return await work(server)
        finally:
            for client in server.clients:
                client.transport.abort()
            await server.listener.stop(1)
            await asyncio.sleep(0)

    return uvloop.run(run())


def bodies(answers: bytes) -> list[Any]:
    """Return the JSON of each answer, in order."""
    return [
        json.loads(line)
        for line in answers.replace(b"HTTP/1.1", b"\n").splitlines()
        if b'"method"' in line
    ]


def last(request: bytes) -> bytes:
    """Return a request after whose answer the connection ends."""
    return request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


GET = b"GET /path?a=b HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


def test_a_request_is_understood_whole() -> None:
    async def work(server: Server) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(
                f"http://{HOST}:{server.port}/a%20path?q=1",
                content=b"x" * 300_000,
                headers=[("X-Name", "one"), ("x-name", "two")],
            )

    answer = serve(work)
    assert answer.status_code == 200
    assert answer.headers["date"].endswith("GMT")
    said = answer.json()
    assert (said["method"], said["path"], said["query"]) == ("POST", "/a path", "q=1")
    assert (said["client"], said["size"]) == (HOST, 300_000)
    assert said["names"] == "one, two"  # RFC 9110, 5.3


def test_a_connection_carries_many_requests() -> None:
    async def work(server: Server) -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(50):
                await client.get(f"http://{HOST}:{server.port}/")
            return len(server.listener.connections)

    assert serve(work) == 1


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_request_may_arrive_in_any_pieces(size: int) -> None:
    async def work(server: Server) -> bytes:
        whole = last(POST)
        reader, writer = await server.open()
        for start in range(0, len(whole), size):
            writer.write(whole[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        return await reader.read()

    assert [said["body"] for said in bodies(serve(work))] == ["hello"]


def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    ahead = [b"GET /slow HTTP/1.1\r\n\r\n", *(b"GET /%d HTTP/1.1\r\n\r\n" % n for n in range(40))]

    async def work(server: Server) -> bytes:
        return await server.exchange(b"".join(ahead) + last(POST))

    said = bodies(serve(work))
    assert [one["path"] for one in said] == ["/slow", *(f"/{n}" for n in range(40)), "/"]
    assert said[-1]["body"] == "hello"


def test_a_body_in_chunks_is_one_body() -> None:
    head = b"POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def work(server: Server) -> bytes:
        return await server.exchange(
            head, b"3\r\nhel\r\n", b"2;x=y\r\nlo\r\n", b"0\r\nT: x\r\n\r\n"
        )

    assert bodies(serve(work))[0]["body"] == "hello"


def test_who_waits_for_leave_to_send_a_body_gets_it() -> None:
    head = (
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
    )

    async def work(server: Server) -> tuple[bytes, bytes]:
        reader, writer = await server.open()
        writer.write(head)
        leave = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        writer.write(b"hello")
        return leave, await reader.read()

    leave, answer = serve(work)
    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert bodies(answer)[0]["body"] == "hello"


def test_who_offers_another_protocol_is_answered_in_this_one() -> None:
    # as Java's client begins
    offer = POST.replace(b"\r\n", b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", 1)

    async def work(server: Server) -> bytes:
        return await server.exchange(offer + last(GET))

    assert [said["method"] for said in bodies(serve(work))] == ["POST", "GET"]


def test_the_answer_to_head_has_no_body() -> None:
    async def work(server: Server) -> bytes:
        return await server.exchange(last(b"HEAD / HTTP/1.1\r\n\r\n"))

    head, _, body = serve(work).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b""


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ids=["HTTP/1.0", "close"],
)
def test_a_connection_ends_where_its_client_wants_no_more(request_: bytes) -> None:
    async def work(server: Server) -> bytes:
        return await server.exchange(request_)

    answer = serve(work)
    assert b"\r\nconnection: close\r\n" in answer
    assert len(bodies(answer)) == 1


def test_who_has_sent_all_and_says_so_is_still_answered() -> None:
    async def work(server: Server) -> bytes:
        reader, writer = await server.open()
        writer.write(b"GET /slow HTTP/1.1\r\n\r\n")
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)

    assert bodies(serve(work))[0]["path"] == "/slow"


def test_who_goes_away_in_the_middle_of_a_body_is_noticed() -> None:
    async def work(server: Server) -> int:
        _, writer = await server.open()
        writer.write(POST[:-2])
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.1)
        return server.lost

    assert serve(work) == 1


@pytest.mark.parametrize(
    ("nonsense", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        # a proxy and a server that disagree on where a request ends let one be smuggled in
        (
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", 200),
        (
            b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(MAX_HEADERS + 2)),
            431,
        ),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * MAX_HEAD_BYTES, 431),
        (b"GET /" + b"b" * MAX_HEAD_BYTES, 431),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(
    nonsense: bytes, status: int
) -> None:
    async def work(server: Server) -> bytes:
        reader, writer = await server.open()
        writer.write(nonsense)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        return answer

    assert serve(work).startswith(b"HTTP/1.1 %d " % status)


def test_a_body_that_is_mostly_frames_is_given_up() -> None:
    async def work(server: Server) -> int:
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        with suppress(ConnectionError):
            await server.exchange(head + b"1\r\nx\r\n" * MAX_HEAD_BYTES)
        return server.lost

    assert serve(work) == 1


def test_what_follows_a_broken_request_is_not_read() -> None:
    async def work(server: Server) -> tuple[bytes, int]:
        answer = await server.exchange(b"GET /slow HTTP/1.1\r\n\r\nnonsense\r\n\r\n", GET, GET)
        return answer, len(server.seen)

    answer, seen = serve(work)
    assert [said["path"] for said in bodies(answer)] == ["/slow"]
    assert seen == 1


def test_a_body_beyond_the_limit_is_not_kept() -> None:
    async def work(server: Server) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.post(f"http://{HOST}:{server.port}/", content=b"x" * (3 * LIMIT))

    answer = serve(work)
    assert (answer.status_code, answer.text) == (413, "too large")


def test_a_fault_of_ours_ends_the_connection_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async def work(server: Server) -> tuple[bytes, bytes]:
        broken = await server.exchange(b"GET /broken HTTP/1.1\r\n\r\n")
        return broken, await server.exchange(last(GET))

    broken, other = serve(work)
    assert broken == b""
    assert "a request was not answered" in caplog.text
    assert len(bodies(other)) == 1


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody keep a connection for nothing for longer than a moment."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "STUCK_SECONDS", "_SWEEP_SECONDS"):
        monkeypatch.setattr(listening, name, 0.05)


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("beginning", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\nA", GET])
def test_who_keeps_a_connection_for_nothing_is_let_go(beginning: bytes) -> None:
    async def work(server: Server) -> bytes:
        return await server.exchange(beginning)

    assert len(bodies(serve(work))) == (beginning == GET)


@pytest.mark.usefixtures("impatience")
def test_who_takes_no_answers_is_let_go() -> None:
    async def work(server: Server) -> int:
        _, writer = await server.open()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            writer.write(b"GET / HTTP/1.1\r\nX-Name: " + b"x" * 60_000 + b"\r\n\r\n")
        for _ in range(100):
            await asyncio.sleep(0.05)
            if not server.listener.connections:
                break
        return len(server.listener.connections)

    assert serve(work) == 0


def test_those_who_say_nothing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST_CONNECTIONS", 5)

    async def work(server: Server) -> tuple[bytes, int]:
        for beginning in (b"", b"GET", b"", b"GET / HTTP/1.1\r\n"):
            _, writer = await server.open()
            writer.write(beginning)
        busy, writer = await server.open()
        writer.write(last(b"GET /slow HTTP/1.1\r\n\r\n"))
        await asyncio.sleep(0.05)
        others = [await server.exchange(last(GET)) for _ in range(4)]
        return await busy.read() + b"".join(others), len(server.listener.connections)

    answers, left = serve(work)
    assert [said["path"] for said in bodies(answers)] == ["/slow", *["/path"] * 4]
    assert left <= 5


def test_a_request_that_is_being_answered_when_the_end_comes_is_answered() -> None:
    async def work(server: Server) -> bytes:
        reader, writer = await server.open()
        writer.write(b"GET /slow HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0.1)
        await server.listener.stop(5)
        return await reader.read()

    assert bodies(serve(work))[0]["path"] == "/slow"
