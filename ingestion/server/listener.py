"""Listening, letting go of clients that keep a connection for nothing, and an orderly end."""

from __future__ import annotations

import asyncio
import email.utils
import resource
from collections.abc import Callable
from contextlib import suppress

from ingestion.server.connection import Connection, Handler

HEAD_SECONDS = 30.0
IDLE_SECONDS = 75.0  # longer than proxies keep theirs, so that they end first
STUCK_SECONDS = 30.0
MOST_CONNECTIONS = 10_000
_OTHER_FILES = 100  # that the process may have open beside its connections
_BACKLOG = 1_024
_SWEEP_SECONDS = 1.0


class Listener:
    """Accepts connections, and has each request handled.

    Attributes:
        loop: The event loop that it runs on.
        handler: Answers a request.
        refuse: Returns the answer to what is no request, whole.
        connections: Those that are open.
        date: The line of an answer that says when it was made.
        is_stopping: Whether connections end with the answer that is under way.
    """

    def __init__(self, handler: Handler, refuse: Callable[..., bytes]) -> None:
        """Create it; :meth:`start` sets it going.

        Args:
            handler: Answers a request.
            refuse: Returns the answer to what is no request, whole, given ``is_too_large``.
        """
        self.loop = asyncio.get_running_loop()
        self.handler = handler
        self.refuse = refuse
        self.connections: set[Connection] = set()
        self.is_stopping = False
        self._are_gone = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._most = _most_connections()
        self._renew_date()

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Args:
            host: Address or name.
            port: TCP port.

        Raises:
            OSError: Nobody can listen there.
        """
        self._server = await self.loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        self._sweeper = self.loop.create_task(self._sweep())

    async def stop(self, seconds: float) -> None:
        """Stop listening, answer the requests that have begun, and close all connections.

        Args:
            seconds: How long clients have that have sent half of a request.
        """
        self.is_stopping = True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            if not connection.is_busy:
                connection.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.connections:
                    self._are_gone.clear()
                    await self._are_gone.wait()
        for connection in list(self.connections):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def join(self, connection: Connection) -> None:
        """Take note that a connection has begun; where there are too many, another ends for it.

        Whoever has sent nothing for the longest time goes first, so that clients which open
        connections and say nothing keep nobody else out.
        """
        self.connections.add(connection)
        if len(self.connections) > self._most:
            waiting = [one for one in self.connections if one.waits_since is not None]
            min(waiting, key=_waits_since, default=connection).abort()

    def lose(self, connection: Connection) -> None:
        """Take note that a connection has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self._are_gone.set()

    async def _sweep(self) -> None:
        """Look after all connections now and then: a timer for each would cost each request."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._renew_date()
            now = self.loop.time()
            for connection in list(self.connections):
                if _is_over(connection.stuck_since, now, STUCK_SECONDS):
                    connection.abort()
                elif _is_over(connection.head_since, now, HEAD_SECONDS) or _is_over(
                    connection.idle_since, now, IDLE_SECONDS
                ):
                    connection.close()

    def _renew_date(self) -> None:
        self.date = f"date: {email.utils.formatdate(usegmt=True)}\r\n".encode()


def _most_connections() -> int:
    """Return how many connections there may be, after asking the system for enough files."""
    wanted = MOST_CONNECTIONS + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        allowed = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        return max(1, allowed - _OTHER_FILES)
    return MOST_CONNECTIONS


def _waits_since(connection: Connection) -> float:
    return connection.waits_since or 0.0


def _is_over(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since > seconds
