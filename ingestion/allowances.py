"""The rate limits in force: of keys by the events, of clients by the requests."""

from __future__ import annotations

import math

from ingestion.answers import RefusedError
from ingestion.clients import client_subject
from ingestion.rates import Allowance, RateLimit
from ingestion.sender import ANONYMOUS, Sender
from ingestion.server.exchange import Lines
from warehouse.settings import Settings


class Allowances:
    """Counts what senders send, and refuses what is too much."""

    def __init__(self, settings: Settings) -> None:
        """Begin with settings, which :meth:`obey` replaces."""
        self._keys: RateLimit | None = None
        self._clients: RateLimit | None = None
        self.obey(settings)

    def obey(self, settings: Settings) -> None:
        """Put other limits in force; where a limit stays, what has been used stays counted."""
        self._keys = _changed(self._keys, settings.rate_limit_key_events)
        self._clients = _changed(self._clients, settings.rate_limit_client_requests)

    def charge_request(self, client: str) -> None:
        """Count a request of somebody whom anybody could be.

        Args:
            client: IP address.

        Raises:
            RefusedError: There were too many from there.
        """
        if self._clients is not None:
            allowance = self._clients.take(client_subject(client))
            if allowance.wait_seconds:
                raise _refusal(
                    allowance,
                    "requests from this address",
                    "FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS",
                )

    def charge_events(self, sender: Sender, client: str, events: int) -> Lines:
        """Count the events of a request.

        Args:
            sender: Who sends them.
            client: IP address.
            events: How many.

        Returns:
            Headers that tell the sender how much is left of what it is most likely to use up:
            events where it has a secret, requests where it has none.

        Raises:
            RefusedError: They are too many, all of them together.
        """
        left: Lines = ()
        if self._keys is not None:
            allowance = self._keys.take(_subject(sender, client), events)
            if allowance.wait_seconds:
                raise _refusal(allowance, "events of this sender", "FOOTFALL_RATE_LIMIT_KEY_EVENTS")
            left = allowance.lines()
        if self._clients is not None and not sender.has_secret:
            return self._clients.take(client_subject(client), 0).lines()
        return left


def _subject(sender: Sender, client: str) -> str:
    """Return as whom a sender's events count: everybody without a key by its address."""
    if sender.name == ANONYMOUS:
        return f"{ANONYMOUS} {client_subject(client)}"
    return sender.account or sender.name


def _changed(limit: RateLimit | None, wanted: int) -> RateLimit | None:
    if wanted == 0:
        return None
    return limit if limit is not None and limit.limit == wanted else RateLimit(wanted)


def _refusal(allowance: Allowance, what: str, setting: str) -> RefusedError:
    wait = allowance.wait_seconds
    if math.isinf(wait):
        return RefusedError(
            413,
            "batch_too_large",
            f"{setting} allows {allowance.limit:,} {what} a minute, fewer than this request holds: "
            "send smaller batches",
            allowance.headers(),
        )
    seconds = max(1, math.ceil(wait))
    return RefusedError(
        429,
        "rate_limited",
        f"{setting} allows {allowance.limit:,} {what} a minute: nothing was taken, try again in "
        f"{seconds} s",
        {**allowance.headers(), "retry-after": str(seconds)},
    )
