"""The way of one request: key, body, events, landing, answer."""

from __future__ import annotations

import logging
from collections import Counter

import asyncpg
import msgspec

from ingestion.admission import Rejected, Rules, admit, reject
from ingestion.answers import Answer, RefusedError
from ingestion.catalogue import LiveCatalogue
from ingestion.dialect import Dialect
from ingestion.event import Event
from ingestion.keys import KeyRing
from ingestion.landing import Landing, UnavailableError
from ingestion.request import Receive, Request, Scope, read_body
from ingestion.verdict import QuarantineError
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

_DECODING_ERRORS = (QuarantineError, msgspec.MsgspecError, UnicodeError, RecursionError)


class Intake:
    """Takes the POST requests of all dialects."""

    def __init__(
        self, settings: Settings, catalogue: LiveCatalogue, keys: KeyRing, landing: Landing
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._keys = keys
        self._landing = landing

    async def take(self, dialect: Dialect, scope: Scope, receive: Receive) -> Answer:
        """Land the events of one request.

        Returns:
            The dialect's answer; what it acknowledges is committed.

        Raises:
            RefusedError: Nothing was taken from the request.
        """
        headers = dict(scope["headers"])
        source = await self._authenticate(headers)
        body = await read_body(headers, receive, self._settings.max_body_bytes)
        content_type = headers.get(b"content-type", b"").decode("latin-1").lower()
        client = scope.get("client")
        request = Request(source, content_type, headers, client[0] if client else "")
        items = self.judge(dialect, body, request)
        verdicts = await self._landing.submit(items, len(body))
        if logger.isEnabledFor(logging.DEBUG):
            counts = Counter(verdict.status for verdict in verdicts)
            logger.debug("landed", extra={"fields": {"dialect": dialect.name, **counts}})
        return dialect.answer(verdicts)

    def judge(self, dialect: Dialect, body: bytes, request: Request) -> list[Event | Rejected]:
        """Return the events of a body, each ready to be stored or to be quarantined.

        Raises:
            RefusedError: No events can be told apart, or they are too many.
        """
        raws = dialect.split(body, request)
        if len(raws) > self._settings.max_batch_events:
            raise RefusedError(
                413,
                "batch_too_large",
                f"{len(raws)} events in one request, and FOOTFALL_MAX_BATCH_EVENTS allows "
                f"{self._settings.max_batch_events}: send smaller batches",
            )
        rules = Rules.of(self._settings, self._catalogue.current)
        source = request.source
        items: list[Event | Rejected] = []
        for raw in raws:
            incoming = None
            try:
                rules.limits.check_size(raw)
                incoming = dialect.decode(raw, request)
                items.append(admit(incoming, raw, source, rules))
            except _DECODING_ERRORS as error:
                items.append(reject(error, raw, source, incoming))
        return items

    async def _authenticate(self, headers: dict[bytes, bytes]) -> str:
        scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        try:
            source = await self._keys.source_of(key.strip()) if scheme.lower() == "bearer" else None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise UnavailableError(
                "warehouse_unavailable",
                "the warehouse cannot take events now: nothing was stored, try again",
                2,
            ) from error
        if source is None:
            raise RefusedError(
                401,
                "unauthorized",
                "send a valid write key as Authorization: Bearer <write key>",
                {"www-authenticate": 'Bearer realm="footfall"'},
            )
        return source
