"""Who may send, from where, and how much."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ingestion.allowances import Allowances
from ingestion.answers import RefusedError
from ingestion.clients import Proxies
from ingestion.cors import answer_headers, own_origins, preflight_headers
from ingestion.credentials import Credentials, insufficient
from ingestion.group import AWAY_ERRORS
from ingestion.key_ring import KeyRing
from ingestion.live_settings import LiveSettings
from ingestion.routing import Route
from ingestion.sender import Sender
from ingestion.server.exchange import Exchange, Lines
from warehouse.origins import Origins
from warehouse.setting_checks import split_list
from warehouse.settings import Settings
from warehouse.tokens import INGEST

_origins = lru_cache(1_000)(Origins)


class Gate:
    """Lets senders in, or refuses them."""

    def __init__(self, settings: LiveSettings, keys: KeyRing) -> None:
        """Guard the way to the landing.

        Args:
            settings: Who may send, and how much.
            keys: The write keys.
        """
        self._settings = settings
        self._keys = keys
        current = settings.current()
        self._credentials = Credentials(current, keys)
        self._allowances = Allowances(current)
        self._obeyed: Settings | None = None
        self._obey(current)

    @property
    def problem(self) -> str | None:
        """Why tokens cannot be verified with the newest keys of their issuer; None: they can."""
        return self._credentials.problem

    async def admit(
        self, route: Route, exchange: Exchange, settings: Settings
    ) -> tuple[Sender, str]:
        """Return who sends a request, and from which address; the body is not read yet.

        Args:
            route: Where it came in.
            exchange: The request.
            settings: Those in force.

        Raises:
            RefusedError: The sender may not send here, from there, or so often.
        """
        self._obey(settings)
        forwarded = exchange.headers.get(b"x-forwarded-for", b"").decode("latin-1")
        client = self._proxies.client(exchange.client, forwarded)
        role = route.endpoint.role
        try:
            sender = await self._credentials.identify(
                exchange, may_be_anonymous=route.dialect.takes_anonymous and role == INGEST
            )
        except RefusedError as error:
            if error.status == 401:  # whoever tries many credentials is guessing
                self._allowances.charge_request(client)
            raise
        if not sender.has_secret:
            self._allowances.charge_request(client)
        origin = exchange.headers.get(b"origin")
        if origin is not None:
            self._check_origin(sender, origin.decode("latin-1"))
        if role != INGEST and role not in sender.roles:
            raise insufficient(role)
        return sender, client

    def charge(self, sender: Sender, client: str, events: int) -> Lines:
        """Count a request's events against the rate limits.

        Args:
            sender: Who sends.
            client: IP address of the sender.
            events: How many events the request holds.

        Returns:
            Headers that tell the sender how much is left.

        Raises:
            RefusedError: It is too much.
        """
        return self._allowances.charge_events(sender, client, events)

    def cors_headers(self, origin: str) -> Mapping[str, str]:
        """Return the headers that let a web page read an answer; none where it may not.

        Args:
            origin: Origin of the page.
        """
        return answer_headers(origin, is_allowed=self._may_ask(origin))

    async def preflight(
        self, headers: Mapping[bytes, bytes], methods: Sequence[str]
    ) -> Mapping[str, str]:
        """Return what lets a page send, if it may, once its browser asks; nothing if none asks.

        Args:
            headers: Header values by name in lower case.
            methods: That the path takes.
        """
        if b"origin" not in headers or b"access-control-request-method" not in headers:
            return {}
        self._obey(self._settings.current())
        with contextlib.suppress(*AWAY_ERRORS):
            await self._keys.refresh()
        origin = headers[b"origin"].decode("latin-1")
        return preflight_headers(
            origin,
            methods,
            is_allowed=self._may_ask(origin),
            asks_for_private_network=b"access-control-request-private-network" in headers,
        )

    def _check_origin(self, sender: Sender, origin: str) -> None:
        allowed = sender.allowed_origins
        if allowed is None or origin in self._own or origin in _origins(allowed):
            return
        remedy = (
            "name it in FOOTFALL_ANONYMOUS_ORIGINS"
            if not sender.roles
            else "create a key with this origin by `footfall keys create`"
        )
        raise RefusedError(
            403, "origin_not_allowed", f"pages of this origin may not send so: {remedy}"
        )

    def _may_ask(self, origin: str) -> bool:
        return origin in self._keys.origins or origin in self._anonymous_origins

    def _obey(self, settings: Settings) -> None:
        """Put settings in force, where they are others than before."""
        if settings is self._obeyed:
            return
        self._credentials.obey(settings)
        self._allowances.obey(settings)
        self._proxies = Proxies(settings.trusted_proxies)
        self._own = own_origins(settings)
        self._anonymous_origins = Origins(split_list(settings.anonymous_origins))
        self._obeyed = settings
