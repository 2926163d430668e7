"""A sender of events: ``python -m bench._load`` prints JSON, ``load`` runs it beside the caller."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit

import uvloop

from bench._formats import FORMATS, Requests
from warehouse.settings import PROJECT_ROOT

_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What is sent.

    Attributes:
        url: Base URL of the server.
        key: Write key.
        form: Wire format, of :data:`bench._formats.FORMATS`.
        batch: Events in a request.
        connections: Connections at once, each with one request under way.
        seconds: How long.
        rate: Requests a second over all connections; 0: each as soon as the last is answered.
    """

    url: str
    key: str
    form: str = "canonical"
    batch: int = 1
    connections: int = 64
    seconds: float = 10
    rate: float = 0


@dataclass(frozen=True)
class Measured:
    """What came out.

    Attributes:
        events: Events that were stored.
        rate: Events a second.
        p50_ms: Median time from request to answer, in milliseconds.
        p99_ms: The time that one request in a hundred exceeded, in milliseconds.
    """

    events: int
    rate: float
    p50_ms: float
    p99_ms: float


def load(wanted: Load) -> Measured:
    """Send from a process of its own, and return what came out."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench._load", json.dumps(asdict(wanted))],
        cwd=PROJECT_ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=wanted.seconds + 2 * _PATIENCE_SECONDS,
    )
    return Measured(**json.loads(answer.stdout))


async def send(wanted: Load) -> Measured:
    """Send over all connections until the time is over, and return what came out."""
    run = _Run(wanted)
    address = urlsplit(wanted.url)
    loop = asyncio.get_running_loop()
    senders = [
        (await loop.create_connection(lambda: _Sender(run), address.hostname, address.port))[1]  # type: ignore[arg-type]
        for _ in range(wanted.connections)
    ]
    run.start()
    for number, sender in enumerate(senders):
        # at a fixed rate the connections take turns, rather than all at the same moment
        loop.call_later(run.interval * number / wanted.connections, sender.send)
    async with asyncio.timeout(wanted.seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*(sender.done for sender in senders))
    elapsed = time.perf_counter() - run.started
    latencies = sorted(run.latencies)
    return Measured(
        run.stored,
        run.stored / elapsed,
        latencies[len(latencies) // 2] * 1000,
        latencies[len(latencies) * 99 // 100] * 1000,
    )


class _Run:
    """What the connections of one measurement share."""

    def __init__(self, wanted: Load) -> None:
        form = FORMATS[wanted.form]
        self.requests = Requests(form, urlsplit(wanted.url).netloc, wanted.key, wanted.batch)
        self.answered = form.answered
        self.batch = wanted.batch
        self.seconds = wanted.seconds
        self.interval = wanted.connections / wanted.rate if wanted.rate else 0
        self.latencies: list[float] = []
        self.stored = 0

    def start(self) -> None:
        self.started = time.perf_counter()
        self.deadline = self.started + self.seconds


class _Sender(asyncio.Protocol):
    """One connection, by callbacks: a coroutine for each answer would cost more than the answer."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._answer = b""
        self._due = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self) -> None:
        now = time.perf_counter()
        if now >= self._run.deadline:
            self._transport.close()
            self.done.set_result(None)
            return
        # a request counts from when it was due, so that a server that stalls cannot hide it
        self._sent = self._due = self._due or now
        if not self._run.interval:
            self._sent = now
        self._due += self._run.interval
        self._transport.write(self._run.requests.next())

    def data_received(self, data: bytes) -> None:
        answer = self._answer = self._answer + data if self._answer else data
        end = answer.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        start = answer.find(b"content-length: ", 0, end) + 16
        if len(answer) < end + int(answer[start : answer.index(b"\r", start)]):
            return
        run = self._run
        run.latencies.append(time.perf_counter() - self._sent)
        if answer.count(run.answered, end) != run.batch:
            self.done.set_exception(AssertionError(answer[:2_000]))
            return
        run.stored += run.batch
        self._answer = b""
        wait = self._due - time.perf_counter() if run.interval else 0
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.send)
        else:
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(send(Load(**json.loads(sys.argv[1])))))))
