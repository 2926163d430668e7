"""The ASGI application: hot paths by exact path, everything else through Starlette."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import asyncpg

from ingestion.answers import JSON, Answer
from ingestion.catalogue import LiveCatalogue
from ingestion.dialects import DIALECTS
from ingestion.erasures import Erasures
from ingestion.gate import Gate
from ingestion.gauges import add_gauges
from ingestion.group import AWAY_ERRORS, connect
from ingestion.intake import Intake
from ingestion.key_file import KEY_FILE, KeyFile
from ingestion.key_ring import KeyRing
from ingestion.landing import Landing
from ingestion.live_settings import LiveSettings
from ingestion.logs import request_id
from ingestion.lookups import Lookups
from ingestion.metrics import Metrics
from ingestion.pages import build_pages
from ingestion.request import Body, Receive, Scope
from ingestion.routing import Router
from ingestion.salts import AddressSalts
from ingestion.spool import open_spool
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CATALOGUE_SECONDS = 1.0
_READ_SECONDS = 3.0
_CLIENT_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")  # W3C


class Ingestion:
    """The write side as an ASGI application.

    Attributes:
        settings: What it was set to.
        catalogue: The catalogue in force.
        live_settings: The settings in force.
        landing: Where events go.
        keys: The write keys.
        gate: Who may send, and how much.
        metrics: What is counted.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the catalogue; nothing is connected before the application starts.

        Raises:
            PlanError: The catalogue is wrong.
            MissingSettingError: There is no DSN for ingestion.
            OperatorError: The spool cannot be used.
        """
        self.settings = settings
        self.catalogue = LiveCatalogue(settings.catalog_dir)
        self.live_settings = LiveSettings(settings)
        self._dsn = settings.require("ingest_dsn")
        self.metrics = Metrics()
        self.landing = Landing(
            self._dsn,
            max_queued_events=settings.max_queued_events,
            max_queued_bytes=settings.max_queued_bytes,
            erasures=Erasures(settings.require("privacy_secret").encode()[:64]),
            spool=open_spool(settings),
            metrics=self.metrics,
        )
        self.keys = KeyRing(self._fetch, KeyFile(settings.home / KEY_FILE))
        self.gate = Gate(self.live_settings, self.keys)
        self._salts = AddressSalts(self._fetch)
        self._intake = Intake(
            self.live_settings,
            self.catalogue,
            self.gate,
            self.landing,
            lookups=Lookups(self._fetch),
            salts=self._salts,
            metrics=self.metrics,
        )
        add_gauges(self.metrics, self.landing, self.catalogue, self.live_settings, self.keys)
        self._router = Router(DIALECTS)
        self._pages = build_pages(self)
        # beside the landing: for keys, look-ups, salts and health
        self._side: asyncpg.Connection | None = None
        self._side_lock = asyncio.Lock()
        self._prefix = os.urandom(4).hex()
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        identifier = self._identify(scope)
        request_id.set(identifier.decode())
        route = self._router.find(scope["method"], scope["path"])
        if route is None:
            await Body(receive).discard(self.live_settings.current())
            try:
                await self._pages(scope, receive, _with_request_id(send, identifier))
            except Exception:
                logger.exception("page failed")  # its answer has gone out
            return
        await _send(send, await self._intake.take(route, scope, receive), identifier)

    @property
    def hot_paths(self) -> Mapping[str, Sequence[str]]:
        """The methods by which each path takes events."""
        return self._router.methods

    async def ping(self) -> None:
        """Ask Postgres whether it is there.

        Raises:
            OSError: It is not; so too the others of :data:`AWAY_ERRORS`.
        """
        await self._fetch("select 1")

    @property
    def can_spool(self) -> bool:
        """Whether events are taken while Postgres is away: there is room, and senders are known."""
        backlog = self.landing.backlog
        return backlog is not None and backlog.spool.has_room and self.keys.count > 0

    def _identify(self, scope: Scope) -> bytes:
        traced: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _CLIENT_REQUEST_ID.fullmatch(value):
                return bytes(value)
            if name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value)):
                traced = match[1]
        return traced or f"{self._prefix}-{next(self._numbers):x}".encode()

    async def _fetch(self, query: str, *values: object) -> Sequence[Any]:
        if self.landing.backlog is not None and self.landing.backlog.is_unreachable:
            raise ConnectionError("Postgres is away")  # at once: requests wait for the answer
        async with self._side_lock:
            if self._side is None or self._side.is_closed():
                self._side = await connect(self._dsn)
            try:
                rows: Sequence[Any] = await self._side.fetch(query, *values, timeout=5)
            except (
                *AWAY_ERRORS,
                asyncio.CancelledError,  # what was cut short may hang for as long as Postgres does
            ):
                self._side.terminate()
                self._side = None
                raise
            return rows

    async def _live(self, receive: Receive, send: Send) -> None:
        message = await receive()
        assert message["type"] == "lifespan.startup"
        async with self.running():
            await send({"type": "lifespan.startup.complete"})
            message = await receive()
            assert message["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Land events and follow the catalogue for the duration of the block."""
        self.landing.start()
        # keys of an earlier process, and a salt of its own, stand in where Postgres is away
        for read in (self._salts.share, self.keys.refresh):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(read(), _READ_SECONDS)
        followers = [
            asyncio.create_task(self._follow_catalogue()),
            asyncio.create_task(self._salts.follow()),
        ]
        try:
            yield
        finally:
            await self.landing.drain()
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
            if self._side is not None:
                self._side.terminate()

    async def _follow_catalogue(self) -> None:
        while True:
            await asyncio.sleep(_CATALOGUE_SECONDS)
            await asyncio.to_thread(self.catalogue.refresh)


def _with_request_id(send: Send, identifier: bytes) -> Send:
    async def wrapped(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", identifier)]
        await send(message)

    return wrapped


async def _send(send: Send, answer: Answer, identifier: bytes) -> None:
    headers = [
        (b"content-type", JSON),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-request-id", identifier),
    ]
    headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
