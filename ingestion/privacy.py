"""What is kept of people: consent, and how much of addresses and user agents."""

from __future__ import annotations

from ingestion.catalogue import EventType
from ingestion.event import Incoming
from ingestion.request import Request
from ingestion.verdict import Reason
from warehouse.settings import Settings


class Privacy:
    """The privacy settings, ready to be applied to events."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def objection(
        self, incoming: Incoming | None, kind: EventType | None, request: Request
    ) -> Reason | None:
        """Return why an event must not be kept at all; None where it may be.

        Args:
            incoming: What the dialect made of it; None where it made nothing.
            kind: Its event type; None where unknown.
            request: The request that it came with.
        """
        return None

    def reduce(self, incoming: Incoming, request: Request, *, is_for_clients: bool) -> None:
        """Derive what may be known from address and user agent, then drop what may not be kept.

        Args:
            incoming: The event, whose context is rewritten.
            request: The request that it came with.
            is_for_clients: Whether the request's own address and user agent are the visitor's.

        Raises:
            QuarantineError: The context is no object.
        """

    def scrub(self, payload: bytes) -> bytes:
        """Return an event as received, less the addresses and user agents that may not be kept."""
        return payload
