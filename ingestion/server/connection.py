"""One connection: requests in, one after the other, and their answers out in the same order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

import httptools

from ingestion.server.exchange import DisconnectedError, Exchange

if TYPE_CHECKING:
    from ingestion.server.listener import Listener

logger = logging.getLogger(__name__)

Handler = Callable[[Exchange], Awaitable[None]]

MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
_MAX_WAITING = 16  # requests that a client sends ahead of their answers


class _NoRequestError(Exception):
    """The client asks for something that is no request to a server."""


class _HeadTooLargeError(Exception):
    """The head of a request, or what frames its body, has too many bytes."""


class Connection(asyncio.Protocol):
    """A connection with a client.

    Attributes:
        idle_since: When its last request was answered, in seconds of the loop; None while one is.
        head_since: When the head began that has not arrived whole; None where there is none.
        stuck_since: Since when the client takes nothing; None where it does.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = listener.loop
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._client = ""
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._is_in_head = False
        self._overhead = 0  # bytes of the request that arrives now which are not its body's
        self._incoming: Exchange | None = None  # whose body arrives now
        self._current: Exchange | None = None  # which is being answered
        self._waiting: deque[Exchange] = deque()
        self._task: asyncio.Task[None] | None = None
        self._has_ended = False  # the client sends no more, or nothing that can be read
        self._is_paused = False
        self._writable: asyncio.Event | None = None
        self.idle_since: float | None = None
        self.head_since: float | None = None
        self.stuck_since: float | None = None

    # of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if isinstance(peer, tuple) else ""
        self.idle_since = self._loop.time()
        self._listener.join(self)

    def connection_lost(self, error: Exception | None) -> None:
        """End: what has arrived whole is still handled."""
        self._listener.lose(self)
        self.resume_writing()
        self._give_up_body()

    def eof_received(self) -> bool:
        """Take note that the client sends no more; return whether it may still get an answer."""
        self._has_ended = True
        self._give_up_body()
        return self._current is not None

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        if self._has_ended:  # what came before was no request
            return
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
            if self._overhead > MAX_HEAD_BYTES:
                raise _HeadTooLargeError
        except httptools.HttpParserUpgrade as upgrade:
            self._decline(data[upgrade.args[0] :])
        except (httptools.HttpParserError, _HeadTooLargeError) as error:
            self._refuse(error)
        if self._is_in_head and self.head_since is None:
            self.head_since = self._loop.time()

    def pause_writing(self) -> None:
        """Take note that the client takes nothing."""
        self._writable = asyncio.Event()
        self.stuck_since = self._loop.time()

    def resume_writing(self) -> None:
        """Take note that it takes something again."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None
            self.stuck_since = None

    # of httptools

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._target = b""
        self._headers = {}
        self._is_in_head = True
        self.idle_since = None

    def on_url(self, piece: bytes) -> None:
        """Take the target, or a piece of it."""
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if not self._is_in_head:  # a trailer, which nobody asks for
            return
        name = name.lower()
        if len(self._headers) == MAX_HEADERS:
            raise _HeadTooLargeError
        before = self._headers.get(name)
        self._headers[name] = value if before is None else before + b", " + value

    def on_headers_complete(self) -> None:
        """Let the request be handled; its body may follow."""
        self._is_in_head = False
        self.head_since = None
        parser = self._parser
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":
                raise _NoRequestError
            return
        exchange = self._incoming = Exchange(
            self,
            parser.get_method().decode("ascii", "replace"),
            self._target,
            self._headers,
            self._client,
            keeps_alive=parser.should_keep_alive() and parser.get_http_version() == "1.1",
        )
        if self._current is None:
            self._handle(exchange)
        else:
            self._waiting.append(exchange)
            if len(self._waiting) >= _MAX_WAITING:
                self.pause()

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._overhead -= len(piece)
        assert self._incoming is not None
        self._incoming.feed(piece)

    def on_message_complete(self) -> None:
        """Take note that the request has arrived whole."""
        self._overhead = 0
        if self._incoming is not None:
            self._incoming.end()
            self._incoming = None

    # of an exchange

    @property
    def date(self) -> bytes:
        """The line of an answer that says when it was made."""
        return self._listener.date

    def write(self, data: bytes) -> None:
        """Send bytes, some time."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        if self._writable is not None:
            await self._writable.wait()

    def pause(self) -> None:
        """Take no more from the client for now."""
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Take more from the client."""
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    # of the listener

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered or arrives."""
        return self._current is not None

    @property
    def waits_since(self) -> float | None:
        """Since when the client is expected to begin a request or to go on with its head."""
        return self.idle_since if self.head_since is None else self.head_since

    def close(self) -> None:
        """Close it, once what was written has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def _handle(self, exchange: Exchange) -> None:
        self._current = exchange
        self.idle_since = None
        self._task = self._loop.create_task(self._answer(exchange))

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self._listener.handler(exchange)
            await self.drain()
        except DisconnectedError:
            exchange.keeps_alive = False
        except Exception:
            logger.exception("a request was not answered")
            exchange.keeps_alive = False
        self._current = self._task = None
        if not exchange.keeps_alive or self._listener.is_stopping:
            self._transport.close()
        elif self._waiting:
            self._handle(self._waiting.popleft())
            self.resume()
        elif self._has_ended:
            self._transport.close()
        else:
            self.idle_since = self._loop.time()
            self.resume()

    def _decline(self, rest: bytes) -> None:
        """Read a request anew as one that offers no other protocol, for none is spoken here.

        Args:
            rest: What followed its head.
        """
        method = self._parser.get_method()
        self._parser = httptools.HttpRequestParser(self)
        lines = [
            b"%b: %b\r\n" % line
            for line in self._headers.items()
            if line[0] not in (b"upgrade", b"connection")
        ]
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._target, b"".join(lines))
        self.data_received(head + rest)

    def _refuse(self, error: Exception) -> None:
        """Say that what was sent is no request, unless an answer is under way; then close."""
        cause: BaseException | None = error
        if isinstance(error, httptools.HttpParserCallbackError):
            cause = error.__context__
            if not isinstance(cause, _HeadTooLargeError | _NoRequestError):
                logger.error("a request was not read", exc_info=cause)
        self._has_ended = True
        self._give_up_body()
        if self._current is None:
            self.write(self._listener.refuse(is_too_large=isinstance(cause, _HeadTooLargeError)))
            self._transport.close()

    def _give_up_body(self) -> None:
        if self._incoming is not None:
            self._incoming.lose()
            self._incoming = None
