from __future__ import annotations

import json
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ingestion.client import (
    REFUSED,
    EventSender,
    IngestionAwayError,
    KeyRefusedError,
    RequestRefusedError,
)
from tests.conftest import Warehouse, free_port, stop
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role


def events(count: int, **changes: object) -> list[dict[str, Any]]:
    sound = {"category": "user", "event_type": "click", "user_id": "u-1"}
    return [{**sound, "event_id": str(uuid.uuid4()), **changes} for _ in range(count)]


@dataclass
class Trouble:
    """A server that answers requests as it is told, then as ingestion would.

    Attributes:
        answers: What comes first: a status with headers, or None to hang up.
        requests: How many events each request had.
        delay_seconds: How long each answer takes.
        most_at_once: How many requests were under way at the same moment, at most.
    """

    answers: list[tuple[int, dict[str, str]] | None] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    delay_seconds: float = 0
    most_at_once: int = 0
    url: str = ""
    _at_once: int = 0

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self.delay_seconds)
        self._at_once -= 1
        count = len(json.loads(zlib.decompress(body, 31)))
        self.requests.append(count)
        answer = self.answers.pop(0) if self.answers else (200, {})
        if answer is None:
            request.connection.close()
            request.close_connection = True
            return
        status, headers = answer
        verdict = {"event_id": None, "status": "stored", "reason": None}
        content = json.dumps({"results": [verdict] * count}).encode()
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


@contextmanager
def troubled(trouble: Trouble) -> Iterator[EventSender]:
    """Serve it on a free port, and yield a sender to it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            trouble.handle(self)

        def log_message(self, *message: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a connection that it closed itself

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            with EventSender(url, "key", in_flight=2, patience_seconds=3) as sender:
                yield sender
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def make_sender(ingestion: RunningIngestion) -> Iterator[Callable[..., EventSender]]:
    senders: list[EventSender] = []

    def make(url: str = ingestion.url, key: str = ingestion.write_key) -> EventSender:
        senders.append(EventSender(url, key, patience_seconds=20))
        return senders[-1]

    yield make
    for sender in senders:
        sender.close()


def test_each_event_gets_its_verdict_in_order(make_sender: Callable[..., EventSender]) -> None:
    sender = make_sender()
    (first, second) = events(2)
    sender.check()
    verdicts = sender.send([first, {**second, "category": "nonsense"}, first])
    assert [verdict.status for verdict in verdicts] == ["stored", "quarantined", "duplicate"]
    assert verdicts[0].event_id == first["event_id"]
    assert verdicts[1].reason is not None
    assert verdicts[1].reason.code == "unknown_event_type"


def test_a_key_that_is_refused_is_said_so(make_sender: Callable[..., EventSender]) -> None:
    with pytest.raises(KeyRefusedError, match="set FOOTFALL_WRITE_KEY"):
        make_sender(key="wrong").check()


def test_a_batch_that_is_too_large_is_divided(warehouse: Warehouse) -> None:
    with (
        running_ingestion(
            warehouse, FOOTFALL_MAX_BATCH_EVENTS="10", FOOTFALL_MAX_BODY_BYTES="20000"
        ) as running,
        EventSender(running.url, running.write_key) as sender,
    ):
        giant = events(1, properties={"text": "x" * 30_000})
        verdicts = sender.send([*events(15), *giant, *events(14)])
    assert [verdict.status for verdict in verdicts] == ["stored"] * 15 + [REFUSED] + ["stored"] * 14


def test_a_kill_of_ingestion_loses_and_doubles_nothing(warehouse: Warehouse) -> None:
    port = free_port()
    batches = [events(50) for _ in range(40)]
    with running_ingestion(warehouse, port=port) as running:
        sender = EventSender(running.url, running.write_key, patience_seconds=30)

        def batches_with_a_kill() -> Iterator[tuple[int, list[dict[str, Any]]]]:
            for number, batch in enumerate(batches):
                if number == 20:
                    running.process.kill()
                yield number, batch

        answered = sender.send_many(batches_with_a_kill())
        early = [next(answered) for _ in range(10)]
        late: list[Any] = []
        rest = threading.Thread(target=lambda: late.extend(answered))
        rest.start()
        running.process.wait()
        with running_ingestion(warehouse, port=port):
            rest.join()
            sender.close()
        stop(running.process)
    assert [number for number, _ in [*early, *late]] == list(range(40))
    statuses = {verdict.status for _, verdicts in [*early, *late] for verdict in verdicts}
    assert statuses <= {"stored", "duplicate"}
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        rows = connection.execute("select event_id::text from raw.events").fetchall()
    assert sorted(row[0] for row in rows) == sorted(
        event["event_id"] for batch in batches for event in batch
    )


def test_ingestion_that_is_not_there_is_named_with_the_remedy() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with (
        EventSender(url, "key") as sender,
        pytest.raises(IngestionAwayError, match=f"{url} .*Start it with `make up`"),
    ):
        sender.check()


def test_what_answers_but_is_no_ingestion_is_told_apart() -> None:
    with (
        troubled(Trouble(answers=[(404, {})])) as sender,
        pytest.raises(RequestRefusedError, match="refused: status 404"),
    ):
        sender.check()


@pytest.mark.parametrize("answer", [(503, {}), (429, {}), (500, {}), None])
def test_a_batch_is_sent_again_until_it_is_answered(
    answer: tuple[int, dict[str, str]] | None,
) -> None:
    trouble = Trouble(answers=[answer, answer])
    with troubled(trouble) as sender:
        assert len(sender.send(events(3))) == 3
    assert trouble.requests == [3, 3, 3]


def test_a_server_that_asks_to_wait_is_given_the_time() -> None:
    started = time.monotonic()
    with troubled(Trouble(answers=[(503, {"retry-after": "1"})])) as sender:
        sender.send(events(1))
    assert 1 <= time.monotonic() - started < 2


def test_patience_ends() -> None:
    with (
        troubled(Trouble(answers=[(503, {"retry-after": "60"})])) as sender,
        pytest.raises(IngestionAwayError, match="status 503"),
    ):
        sender.send(events(1))


def test_only_so_many_batches_are_under_way_at_once() -> None:
    trouble = Trouble(delay_seconds=0.03)
    taken = 0

    def batches() -> Iterator[tuple[None, list[dict[str, Any]]]]:
        nonlocal taken
        for _ in range(8):
            taken += 1
            yield None, events(1)

    with troubled(trouble) as sender:
        for done, _ in enumerate(sender.send_many(batches())):
            assert taken <= done + 2
    assert trouble.most_at_once == 2


def test_any_number_of_events_is_sent_in_batches() -> None:
    trouble = Trouble()
    with troubled(trouble) as sender:
        assert len(list(sender.send_all(iter(events(2_500))))) == 2_500
    assert sorted(trouble.requests) == [500, 1_000, 1_000]
