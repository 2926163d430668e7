"""Who may send, from where, and how much."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from ingestion.answers import RefusedError
from ingestion.keys import KeyRing
from ingestion.landing import UnavailableError
from ingestion.live_settings import LiveSettings
from ingestion.request import Scope
from ingestion.routing import Route
from ingestion.sender import Sender


class Gate:
    """Lets senders in, or refuses them."""

    def __init__(self, settings: LiveSettings, keys: KeyRing) -> None:
        self._settings = settings
        self._keys = keys

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
        client = scope.get("client")
        address = client[0] if client else ""
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        try:
            sender = await self._keys.find(token.strip()) if scheme.lower() == "bearer" else None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise UnavailableError(
                "warehouse_unavailable",
                "the warehouse cannot take events now: nothing was stored, try again",
                2,
            ) from error
        if sender is None:
            raise RefusedError(
                401,
                "unauthorized",
                "send a valid write key as Authorization: Bearer <write key>",
                {"www-authenticate": 'Bearer realm="footfall"'},
            )
        return sender, address

    def charge(self, sender: Sender, client: str, events: int) -> Mapping[str, str]:
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
        return {}

    def cors_headers(self, origin: str) -> Mapping[str, str]:
        """Return the headers that let a web page read an answer; none where it may not.

        Args:
            origin: Origin of the page.
        """
        return {}
