"""The way of one request: sender, body, events, landing, answer."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Mapping

from ingestion.admission import Rules
from ingestion.answers import Answer, RefusedError
from ingestion.catalogue import Catalogue, LiveCatalogue
from ingestion.dialect import Outcome
from ingestion.gate import Gate
from ingestion.judgement import judge_all
from ingestion.landing import Landing
from ingestion.live_settings import LiveSettings
from ingestion.lookups import Lookups
from ingestion.metrics import Metrics
from ingestion.passage import Passage
from ingestion.privacy import Privacy
from ingestion.request import Request, discard_body, read_body
from ingestion.routing import Route
from ingestion.salts import AddressSalts
from ingestion.server.exchange import Exchange, Lines
from warehouse.settings import Settings

logger = logging.getLogger(__name__)


class Intake:
    """Takes the requests of all dialects."""

    def __init__(
        self,
        settings: LiveSettings,
        catalogue: LiveCatalogue,
        gate: Gate,
        landing: Landing,
        *,
        lookups: Lookups,
        salts: AddressSalts,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._gate = gate
        self._landing = landing
        self._lookups = lookups
        self._salts = salts
        self._metrics = metrics
        self._rules: Rules | None = None
        self._rules_settings: Settings | None = None
        self._is_verbose = logger.isEnabledFor(logging.DEBUG)

    async def take(self, route: Route, exchange: Exchange) -> tuple[Answer, Lines]:
        """Land the events of one request.

        Args:
            route: Where it came in.
            exchange: The request.

        Returns:
            The dialect's answer; what it acknowledges is safe. Where nothing was taken from
            the request, it says why. With it, headers that tell how much may still be sent.
        """
        passage = Passage(route.dialect.name)
        left: Lines = ()
        try:
            answer, left = await self._land(route, exchange, passage)
        except RefusedError as error:
            answer = await self._refuse(error, route, exchange, passage)
        except Exception:
            logger.exception("request failed", extra={"fields": passage.fields()})
            failed = RefusedError(
                500, "internal", "ingestion failed, and nothing is acknowledged: try again"
            )
            answer = await self._refuse(failed, route, exchange, passage)
        origin = exchange.headers.get(b"origin")
        if origin is not None:
            allowed = self._gate.cors_headers(origin.decode("latin-1"))
            answer = answer._replace(headers={**answer.headers, **allowed})
        return answer, left

    async def _refuse(
        self, error: RefusedError, route: Route, exchange: Exchange, passage: Passage
    ) -> Answer:
        # Whoever calls this lets go of the error when it returns: with its traceback it holds the
        # request for as long as a connection may last.
        self._metrics.refused(passage, error.status, error.code)
        outcome = {"status": error.status, "code": error.code, **passage.fields()}
        logger.warning("refused", extra={"fields": outcome})
        if error.status != 408 and b"expect" not in exchange.headers:
            await discard_body(exchange, self._settings.current())
        return route.dialect.refuse(error)

    async def _land(
        self, route: Route, exchange: Exchange, passage: Passage
    ) -> tuple[Answer, Lines]:
        endpoint = route.endpoint
        settings = self._settings.current()
        sender, client = await self._gate.admit(route, exchange, settings)
        passage.key = sender.name
        body = await read_body(exchange, settings.max_body_bytes, settings.body_timeout_seconds)
        passage.size = len(body)
        catalogue = self._catalogue.current
        request = Request(sender, exchange.headers, client, route.parameters, catalogue)
        raws = endpoint.split(body, request)
        if len(raws) > settings.max_batch_events:
            raise RefusedError(
                413,
                "batch_too_large",
                f"{len(raws)} events in one request, and FOOTFALL_MAX_BATCH_EVENTS allows "
                f"{settings.max_batch_events}: send smaller batches",
            )
        left = self._gate.charge(sender, client, len(raws))
        if endpoint.prepare is not None:
            request = request._replace(found=await endpoint.prepare(raws, request, self._lookups))
        rules = self._current_rules(settings, catalogue)
        items = judge_all(route, raws, request, rules, dt.datetime.now(dt.UTC))
        verdicts = await self._landing.submit(items, len(body))
        answer = endpoint.answer(Outcome(request, items, verdicts))
        self._metrics.answered(passage, answer.status, verdicts)
        if self._is_verbose:
            counts = Counter(verdict.status for verdict in verdicts)
            outcome: Mapping[str, object] = {"status": answer.status, **counts}
            logger.debug("answered", extra={"fields": {**passage.fields(), **outcome}})
        return answer, left

    def _current_rules(self, settings: Settings, catalogue: Catalogue) -> Rules:
        """Return the rules that follow, made anew only when something has changed."""
        if (
            self._rules is None
            or self._rules_settings is not settings
            or self._rules.catalogue is not catalogue
        ):
            self._rules = Rules.of(settings, catalogue, Privacy(settings, self._salts))
            self._rules_settings = settings
        return self._rules
