"""The rate limits in force: of keys by the events, of clients by the requests."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ingestion.answers import RefusedError
from ingestion.clients import client_subject
from ingestion.rates import Allowance, RateLimit
from ingestion.sender import Sender
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
            _check(
                allowance,
                "requests from this address",
                "FOOTFALL_RATE_LIMIT_CLIENT_REQUESTS",
            )

    def charge_events(self, sender: Sender, events: int) -> Mapping[str, str]:
        """Count the events of a request.

        Args:
            sender: Who sends them.
            events: How many.

        Returns:
            Headers that tell the sender how much is left.

        Raises:
            RefusedError: They are too many, all of them together.
        """
        if self._keys is None:
            return {}
        # the tokens of different people are different senders
        subject = sender.name if sender.user_id is None else f"{sender.name} {sender.user_id}"
        allowance = self._keys.take(subject, events)
        _check(allowance, "events of this sender", "FOOTFALL_RATE_LIMIT_KEY_EVENTS")
        return allowance.headers()


def _changed(limit: RateLimit | None, wanted: int) -> RateLimit | None:
    if wanted == 0:
        return None
    return limit if limit is not None and limit.limit == wanted else RateLimit(wanted)


def _check(allowance: Allowance, what: str, setting: str) -> None:
    wait = allowance.wait_seconds
    if wait == 0:
        return
    if math.isinf(wait):
        raise RefusedError(
            429,
            "rate_limited",
            f"{setting} allows {allowance.limit} {what} a minute, fewer than this request holds: "
            "send smaller batches",
            {**allowance.headers(), "retry-after": str(math.ceil(allowance.reset_seconds))},
        )
    seconds = max(1, math.ceil(wait))
    raise RefusedError(
        429,
        "rate_limited",
        f"{setting} allows {allowance.limit} {what} a minute: nothing was taken, try again in "
        f"{seconds} s",
        {**allowance.headers(), "retry-after": str(seconds)},
    )
