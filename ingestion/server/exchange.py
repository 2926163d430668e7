"""One request and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

import httptools

Headers = Mapping[bytes, bytes]
Lines = Iterable[tuple[bytes, bytes]]

_AHEAD_BYTES = 262_144  # of a body that nobody reads yet
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class DisconnectedError(Exception):
    """The client went away before the end of its request."""


class BodyTooLargeError(Exception):
    """A body has more bytes than the reader wants."""


class Wire(Protocol):
    """The connection, as an exchange needs it."""

    @property
    def date(self) -> bytes:
        """The line of an answer that says when it was made."""

    def write(self, data: bytes) -> None:
        """Send bytes, some time."""

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""

    def pause(self) -> None:
        """Take no more from the client for now."""

    def resume(self) -> None:
        """Take more from the client."""


class Exchange:
    """A request as far as it has arrived, and the way back.

    Attributes:
        method: HTTP method.
        path: Without the query, percent-encoding undone.
        query: The query as sent; empty where there is none.
        headers: Header values by name in lower case; where a name comes several times, one value
            with commas, as RFC 9110 (5.3) has it.
        client: IP address of the other end of the connection; empty where unknown.
        is_over: Whether the body has arrived whole.
        is_answered: Whether an answer has begun.
        keeps_alive: Whether the connection may carry another request after this one.
    """

    __slots__ = (
        "_expects_continue",
        "_is_dropped",
        "_is_lost",
        "_pieces",
        "_size",
        "_waiter",
        "_wire",
        "client",
        "headers",
        "is_answered",
        "is_over",
        "keeps_alive",
        "method",
        "path",
        "query",
    )

    def __init__(
        self,
        wire: Wire,
        method: str,
        target: bytes,
        headers: Headers,
        client: str,
        *,
        keeps_alive: bool,
    ) -> None:
        self._wire = wire
        self.method = method
        if target[:1] != b"/":  # a proxy's form of it, or nonsense
            target = _without_origin(target)
        path, _, self.query = target.partition(b"?")
        text = path.decode("utf-8", "replace")
        self.path = unquote(text) if "%" in text else text
        self.headers = headers
        self.client = client
        self.keeps_alive = keeps_alive
        self.is_over = False
        self.is_answered = False
        self._expects_continue = b"expect" in headers
        self._is_dropped = False
        self._is_lost = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body from the connection."""
        self._size += len(piece)
        if not self._is_dropped:
            self._pieces.append(piece)
        if self._waiter is not None:
            self._wake()
        elif self._size > _AHEAD_BYTES:
            self._wire.pause()

    def end(self) -> None:
        """Take note that the body has arrived whole."""
        self.is_over = True
        if self._waiter is not None:
            self._wake()

    def lose(self) -> None:
        """Take note that nothing more will arrive."""
        self._is_lost = True
        if self._waiter is not None:
            self._wake()

    async def read(self, limit: int) -> bytes:
        """Return the body, once it is there.

        Args:
            limit: Most bytes that it may have.

        Raises:
            BodyTooLargeError: It has more.
            DisconnectedError: The client went away.
        """
        while not self.is_over and self._size <= limit:
            await self._more()
        if self._size > limit:
            raise BodyTooLargeError
        pieces = self._pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def discard(self, limit: int, seconds: float) -> None:
        """Read what nobody wants: a client that is still writing would not see the answer.

        Args:
            limit: Most bytes that are read.
            seconds: How long that may take.
        """
        self._pieces.clear()
        self._is_dropped = True
        try:
            async with asyncio.timeout(seconds):
                while not self.is_over and self._size <= limit:
                    await self._more()
        except (TimeoutError, DisconnectedError):
            pass

    def answer(self, status: int, headers: Lines, body: bytes) -> None:
        """Answer, whole.

        Args:
            status: HTTP status.
            headers: Names and values, without the length.
            body: The body.
        """
        parts = self._head(status, headers)
        parts.append(b"content-length: %d\r\n\r\n" % len(body))
        if self.method != "HEAD":
            parts.append(body)
        self._wire.write(b"".join(parts))

    async def begin(self, status: int, headers: Lines) -> None:
        """Begin an answer whose headers tell its length; :meth:`write` sends the rest.

        Args:
            status: HTTP status.
            headers: Names and values.
        """
        self._wire.write(b"".join([*self._head(status, headers), b"\r\n"]))

    async def write(self, piece: bytes) -> None:
        """Send a piece of an answer's body, and wait until the client has taken most of it."""
        if self.method != "HEAD":
            self._wire.write(piece)
        await self._wire.drain()

    def _head(self, status: int, headers: Lines) -> list[bytes]:
        self.is_answered = True
        parts = [_STATUS_LINES[status], self._wire.date]
        for name, value in headers:
            if name == b"connection":
                self.keeps_alive = False
            else:
                parts += (name, b": ", value, b"\r\n")
        if not self.is_over:
            self.keeps_alive = False
        if not self.keeps_alive:
            parts.append(b"connection: close\r\n")
        return parts

    async def _more(self) -> None:
        """Wait for another piece of the body.

        Raises:
            DisconnectedError: There will be none.
        """
        if self._is_lost:
            raise DisconnectedError
        if self._expects_continue:
            self._expects_continue = False
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._wire.resume()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        assert self._waiter is not None
        if not self._waiter.done():
            self._waiter.set_result(None)


def _without_origin(target: bytes) -> bytes:
    """Return path and query of a target such as ``http://host/path?query``."""
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return target
    query = b"?" + url.query if url.query else b""
    return (url.path or b"/") + query


def whole_answer(status: int, headers: Lines, body: bytes) -> bytes:
    """Return an answer after which the connection ends, for what is no request.

    Args:
        status: HTTP status.
        headers: Names and values, without the length.
        body: The body.
    """
    lines = b"".join(b"%b: %b\r\n" % line for line in headers)
    length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
    return b"".join([_STATUS_LINES[status], lines, length, body])
