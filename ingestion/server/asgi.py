"""Answering a request by an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from ingestion.server.exchange import Exchange

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
_VERSION = {"version": "3.0", "spec_version": "2.4"}


async def answer_by(
    application: Application, exchange: Exchange, headers: Sequence[tuple[bytes, bytes]]
) -> None:
    """Answer a request by an application that does not look at bodies.

    Args:
        application: The application.
        exchange: The request.
        headers: What is added to the answer's headers.
    """
    scope: Message = {
        "type": "http",
        "asgi": _VERSION,
        "http_version": "1.1",
        "method": exchange.method,
        "scheme": "http",
        "path": exchange.path,
        "raw_path": exchange.path.encode(),
        "query_string": exchange.query,
        "root_path": "",
        "headers": list(exchange.headers.items()),
        "client": (exchange.client, 0) if exchange.client else None,
        "server": None,
    }
    started: Message = {}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
            return
        body = message.get("body", b"")
        if exchange.is_answered:
            await exchange.write(body)
            return
        lines = [*started["headers"], *headers]
        if message.get("more_body") or exchange.method == "HEAD":
            if not any(name == b"content-length" for name, _ in lines):
                exchange.keeps_alive = False  # its end is the end of the connection
            await exchange.begin(started["status"], lines)
            await exchange.write(body)
        else:
            rest = [line for line in lines if line[0] != b"content-length"]
            exchange.answer(started["status"], rest, body)

    await application(scope, receive, send)
