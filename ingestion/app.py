"""The application: hot paths by exact path, everything else through Starlette."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import asyncpg

from ingestion.answers import JSON, RefusedError
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
from ingestion.request import discard_body
from ingestion.routing import Router
from ingestion.salts import AddressSalts
from ingestion.server.asgi import answer_by
from ingestion.server.connection import MAX_HEAD_BYTES, MAX_HEADERS
from ingestion.server.exchange import Exchange, Headers, whole_answer
from ingestion.spool import open_spool
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

_CATALOGUE_SECONDS = 1.0
_READ_SECONDS = 3.0
_CLIENT_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")  # W3C
_NOT_HTTP = RefusedError(400, "not_http", "this is no HTTP/1.1 request: send one")
_HEAD_TOO_LARGE = RefusedError(
    431,
    "head_too_large",
    f"the head of the request has more than {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} headers: send "
    "less cookies and headers",
)


class Ingestion:
    """The write side: answers the requests that a listener brings.

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
        self._prefix = os.urandom(4).hex().encode()
        self._numbers = itertools.count(1)

    async def handle(self, exchange: Exchange) -> None:
        """Answer a request."""
        identifier = self._identify(exchange.headers)
        request_id.set(identifier.decode())
        route = self._router.find(exchange.method, exchange.path)
        if route is None:
            await discard_body(exchange, self.live_settings.current())
            try:
                await answer_by(self._pages, exchange, [(b"x-request-id", identifier)])
            except Exception:
                logger.exception("page failed")  # its answer has gone out
            return
        answer, left = await self._intake.take(route, exchange)
        lines = [(b"content-type", JSON), (b"x-request-id", identifier), *left]
        if answer.headers:
            lines += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        exchange.answer(answer.status, lines, answer.body)

    def refuse(self, *, is_too_large: bool) -> bytes:
        """Return the answer to what is no HTTP request.

        Args:
            is_too_large: Whether it is no request because its head has no end in sight.
        """
        error = _HEAD_TOO_LARGE if is_too_large else _NOT_HTTP
        self.metrics.turned_away("", error.status, error.code)
        return whole_answer(error.status, [(b"content-type", JSON)], error.answer().body)

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

    def _identify(self, headers: Headers) -> bytes:
        given = headers.get(b"x-request-id")
        if given is not None and _CLIENT_REQUEST_ID.fullmatch(given):
            return given
        trace = headers.get(b"traceparent")
        if trace is not None and (match := _TRACEPARENT.fullmatch(trace)):
            return match[1]
        return b"%b-%x" % (self._prefix, next(self._numbers))

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
