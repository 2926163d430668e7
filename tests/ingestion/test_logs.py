"""The log: a line for each refused request, and nothing of what people send, whatever happens."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from ingestion.dialects import DIALECTS
from ingestion.keys import ensure_key
from ingestion.logs import JsonFormatter, log_lost_exception
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view
from tests.servers import KEY_OF_TESTS, RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

PERSON = "jane.doe"
ADDRESS = "203.0.113.77"
HEADERS = {
    "user-agent": f"Mozilla/5.0 ({PERSON})",
    "referer": f"https://example.org/{PERSON}",
    "origin": f"https://{PERSON}.example.org",
    "cookie": f"session={PERSON}",
    "x-forwarded-for": ADDRESS,
    "forwarded": f"for={ADDRESS}",
    "x-real-ip": ADDRESS,
    "accept-language": PERSON,
    "traceparent": f"00-{PERSON}",
    "tracestate": f"name={PERSON}",
    "x-session-id": PERSON,
    "x-csrftoken": PERSON,
}


def personal(value: Any) -> Any:
    """Return JSON with a person's name for every text in it."""
    if isinstance(value, dict):
        return {key: personal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [personal(inner) for inner in value]
    return f"{PERSON}@example.org" if isinstance(value, str) else value


def bodies(example: dict[str, Any]) -> Iterator[Any]:
    """Yield requests that are good, that are quarantined, and that cannot be read."""
    yield example
    yield personal(example)
    yield {name: {PERSON: value} for name, value in example.items()}
    yield {**example, PERSON: PERSON}
    yield [{**example, "user_id": PERSON}, {**example, "currency": PERSON}, PERSON]
    yield {"events": [{name: [PERSON] for name in example}]}
    yield PERSON.encode()
    yield b'{"user_id": "' + PERSON.encode()
    yield b'{"user_id": "' + PERSON.encode() + b'\xff"}'
    yield b"x" * 150_000 + PERSON.encode()


def send_everything(ingestion: RunningIngestion) -> set[int]:
    """Send personal values in every place there is, and return the statuses of the answers."""
    own = ingestion.headers
    statuses = set()

    def send(method: str, path: str, body: Any = b"", **headers: str) -> None:
        answer = ingestion.client.request(
            method,
            f"{ingestion.url}{path}?user={PERSON}",
            headers=HEADERS | {name.replace("_", "-"): text for name, text in headers.items()},
            content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        statuses.add(answer.status_code)

    for number, dialect in enumerate(DIALECTS):
        for endpoint in dialect.endpoints:
            path = re.sub(r"\{\w+\}", PERSON, endpoint.path)
            example = {"user_id": f"{PERSON}{number}", **(endpoint.operation.example or {})}
            for body in bodies(example):
                send(endpoint.method, path, body, **own)
            send(endpoint.method, path, example, authorization=f"Bearer {PERSON}")
            send(endpoint.method, path, example, content_encoding=PERSON, **own)
            send(endpoint.method, path, example, content_encoding="gzip", **own)
    send("GET", f"/{PERSON}")
    send(PERSON, "/v1/events")
    send("POST", f"/docs/assets/{PERSON}")
    return statuses


def test_nothing_personal_is_logged_whatever_happens(
    warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        ensure_key(connection, name="tests", source="test", key=KEY_OF_TESTS)
        connection.execute("update ops.write_keys set allowed_origins = %s", ([HEADERS["origin"]],))
    with (
        running_ingestion(
            warehouse,
            FOOTFALL_LOG_LEVEL="debug",
            FOOTFALL_MAX_BODY_BYTES="100000",
            FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS="0",
            FOOTFALL_IP_ADDRESSES="full",
            FOOTFALL_USER_AGENTS="full",
        ) as ingestion,
        connect(warehouse.dsn(Role.OWNER), autocommit=True) as connection,
    ):
        assert {200, 400, 401, 404, 405, 413, 415} <= send_everything(ingestion)
        # Postgres then quotes the row that it refuses
        connection.execute(
            "alter table raw.events add constraint nobody check (user_id is null) not valid"
        )
        assert 200 in send_everything(ingestion)
        connection.execute("alter table raw.quarantine rename column payload to content")
        assert 503 not in send_everything(ingestion)  # they wait in the spool
        connection.execute("alter table raw.quarantine rename column content to payload")
        connection.execute("alter table raw.events drop constraint nobody")
        connection.execute("revoke select on ops.write_keys from footfall_ingest")
        send_everything(ingestion)
    output = "".join(capfd.readouterr())
    lines = [json.loads(line) for line in output.splitlines()]
    assert {line["level"] for line in lines} >= {"debug", "info", "warning", "error"}
    assert [line for line in output.splitlines() if PERSON in line or "jane" in line.lower()] == []
    assert ADDRESS not in output
    assert "Mozilla" not in output
    assert ingestion.write_key not in output


def test_each_refused_request_is_one_line_that_says_what_is_needed_to_find_it(
    warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_ingestion(warehouse) as ingestion:
        ingestion.send(b"no JSON", x_request_id="mine-1")
        ingestion.send(page_view(), authorization="Bearer unknown", x_request_id="mine-2")
        ingestion.send(page_view(), x_request_id="mine-3")
        ingestion.client.get(f"{ingestion.url}/nowhere", headers={"x-request-id": "mine-4"})
    first, second, third = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert (first.pop("milliseconds") > 0, len(first.pop("time"))) == (True, 29)
    assert first == {
        "level": "warning",
        "logger": "ingestion.intake",
        "message": "refused",
        "request_id": "mine-1",
        "status": 400,
        "code": "not_json",
        "dialect": "canonical",
        "key": "tests",
        "bytes": 7,
    }
    assert (second["request_id"], second["code"], second["key"]) == ("mine-2", "unauthorized", "")
    assert (third["request_id"], third["status"], third["code"]) == ("mine-4", 404, "not_found")


def test_at_debug_each_request_is_one_line_with_its_verdicts(
    warehouse: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_ingestion(warehouse, FOOTFALL_LOG_LEVEL="debug") as ingestion:
        event = page_view()
        ingestion.verdicts([event, event, page_view(currency="?")], x_request_id="mine")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == "mine"]
    assert (line["message"], line["status"], line["key"]) == ("answered", 200, "tests")
    assert (line["stored"], line["duplicate"], line["quarantined"]) == (1, 1, 1)


def logged(record_it: Callable[[logging.Logger], None]) -> str:
    """Return what a logger writes."""
    records: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(JsonFormatter().format(record))

    keeper = Keeper()
    logger = logging.getLogger("ingestion.logs")
    logger.addHandler(keeper)
    try:
        record_it(logger)
    finally:
        logger.removeHandler(keeper)
    (line,) = records
    return line


def test_an_exception_is_logged_with_its_way_and_its_cause_but_not_its_message() -> None:
    def fail(logger: logging.Logger) -> None:
        try:
            try:
                int(PERSON)
            except ValueError as error:
                raise asyncpg.CheckViolationError(f"Failing row contains ({PERSON})") from error
        except asyncpg.PostgresError:
            logger.exception("it failed")

    line = logged(fail)
    assert PERSON not in line
    violation, cause = json.loads(line)["exceptions"]
    assert (violation["type"], violation["sqlstate"]) == (
        "asyncpg.exceptions.CheckViolationError",
        "23514",
    )
    assert cause["type"] == "builtins.ValueError"
    assert cause["at"][-1].endswith(" fail")


def test_an_exception_that_nobody_caught_is_logged_without_quoting_it() -> None:
    async def lose() -> None:
        asyncio.get_running_loop().set_exception_handler(log_lost_exception)
        asyncio.get_running_loop().call_soon(int, PERSON)
        await asyncio.sleep(0)

    line = logged(lambda _: asyncio.run(lose()))
    assert PERSON not in line
    assert json.loads(line)["exceptions"][0]["type"] == "builtins.ValueError"
