"""A sender of events as fast as the receiver takes them: ``python -m bench._load`` prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import uvloop


@dataclass
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


async def send(url: str, key: str, batch: int, connections: int, seconds: float) -> Measured:
    """Send batches over some connections, each the next when the last is answered.

    Args:
        url: Base URL of ingestion.
        key: Write key.
        batch: Events in a request.
        connections: Connections at once.
        seconds: How long.
    """
    address = urlsplit(url)
    template = _Template(address.netloc, key, batch)
    deadline = time.perf_counter() + seconds
    latencies: list[float] = []

    async def one() -> int:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        stored = 0
        while time.perf_counter() < deadline:
            request = template.request()
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            latencies.append(time.perf_counter() - started)
            assert head.startswith(b"HTTP/1.1 200"), (head, body[:500])
            count = body.count(b'"stored"')
            assert count == batch, body[:500]
            stored += count
        writer.close()
        return stored

    started = time.perf_counter()
    events = sum(await asyncio.gather(*(one() for _ in range(connections))))
    elapsed = time.perf_counter() - started
    latencies.sort()
    return Measured(
        events,
        events / elapsed,
        latencies[len(latencies) // 2] * 1000,
        latencies[len(latencies) * 99 // 100] * 1000,
    )


class _Template:
    """Makes requests cheaply, so that the sender does not become what is measured."""

    def __init__(self, host: str, key: str, batch: int) -> None:
        from bench.ingestion import make_event

        event = make_event()
        event_id = str(event["event_id"])
        text = json.dumps(event, separators=(",", ":"))
        self._before = text[: text.index(event_id)]
        self._after = text[text.index(event_id) + 36 :]
        self._batch = batch
        self._number = 0
        opening, closing = ("[", "]") if batch > 1 else ("", "")
        self._opening, self._closing = opening, closing
        size = batch * len(text) + (batch - 1) + len(opening + closing)
        self._head = (
            f"POST /v1/events HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
            f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
        )

    def request(self) -> bytes:
        """Return a request with events of new, time-ordered ids."""
        moment = f"{time.time_ns() // 1_000_000:012x}"
        first = self._number
        self._number += self._batch
        between = f"{self._after},{self._before}{moment[:8]}-{moment[8:]}-7000-8000-"
        ids = [f"{number:012x}" for number in range(first, self._number)]
        return (
            f"{self._head}{self._opening}{self._before}{moment[:8]}-{moment[8:]}-7000-8000-"
            f"{between.join(ids)}{self._after}{self._closing}"
        ).encode()


def main() -> None:
    """Send, and print what came out."""
    url, key, batch, connections, seconds = sys.argv[1:]
    print(
        json.dumps(asdict(uvloop.run(send(url, key, int(batch), int(connections), float(seconds)))))
    )


if __name__ == "__main__":
    main()
