"""Who may send, from where, and how much."""

from __future__ import annotations

from collections.abc import Mapping

from ingestion.allowances import Allowances
from ingestion.answers import RefusedError
from ingestion.clients import Proxies
from ingestion.credentials import Credentials, insufficient, missing
from ingestion.keys import KeyRing
from ingestion.live_settings import LiveSettings
from ingestion.request import Scope
from ingestion.routing import Route
from ingestion.sender import Sender
from warehouse.tokens import INGEST


class Gate:
    """Lets senders in, or refuses them."""

    def __init__(self, settings: LiveSettings, keys: KeyRing) -> None:
        """Guard the way to the landing.

        Args:
            settings: Who may send, and how much.
            keys: The write keys.
        """
        self._settings = settings
        self._obeyed = settings.current()
        self._credentials = Credentials(self._obeyed, keys)
        self._allowances = Allowances(self._obeyed)
        self._proxies = Proxies(self._obeyed.trusted_proxies)

    @property
    def problem(self) -> str | None:
        """Why tokens cannot be verified with the newest keys of their issuer; None: they can."""
        return self._credentials.problem

    async def admit(
        self, route: Route, headers: Mapping[bytes, bytes], scope: Scope
    ) -> tuple[Sender, str]:
        """Return who sends a request, and from which address; the body is not read yet.

        Args:
            route: Where it came in.
            headers: Header values by name in lower case.
            scope: Of the ASGI connection.

        Raises:
            RefusedError: The sender may not send here, from there, or so often.
        """
        self._obey()
        peer = scope.get("client")
        client = self._proxies.client(
            peer[0] if peer else "", headers.get(b"x-forwarded-for", b"").decode("latin-1")
        )
        try:
            sender = await self._find(headers)
        except RefusedError as error:
            if error.status == 401:  # whoever tries many credentials is guessing
                self._allowances.charge_request(client)
            raise
        role = route.endpoint.role
        if role != INGEST and role not in sender.roles:
            raise insufficient(role)
        if not sender.has_secret:
            self._allowances.charge_request(client)
        return sender, client

    async def _find(self, headers: Mapping[bytes, bytes]) -> Sender:
        scheme, _, credential = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise missing()
        return await self._credentials.find(credential)

    def charge(self, sender: Sender, events: int) -> Mapping[str, str]:
        """Count a request's events against the rate limits.

        Args:
            sender: Who sends.
            events: How many events the request holds.

        Returns:
            Headers that tell the sender how much is left.

        Raises:
            RefusedError: It is too much.
        """
        return self._allowances.charge_events(sender, events)

    def cors_headers(self, origin: str) -> Mapping[str, str]:
        """Return the headers that let a web page read an answer; none where it may not.

        Args:
            origin: Origin of the page.
        """
        return {}

    def _obey(self) -> None:
        settings = self._settings.current()
        if settings is not self._obeyed:
            self._credentials.obey(settings)
            self._allowances.obey(settings)
            if settings.trusted_proxies != self._obeyed.trusted_proxies:
                self._proxies = Proxies(settings.trusted_proxies)
            self._obeyed = settings
