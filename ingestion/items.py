"""What a received event can be judged to be: storable, to be quarantined, or to be suppressed."""

from __future__ import annotations

import msgspec

from ingestion.event import Event
from ingestion.sender import Sender
from ingestion.verdict import Reason


class Rejected(msgspec.Struct):
    """An event that goes into quarantine.

    Attributes:
        source: Who sent it.
        event_id: Its id in the warehouse; None where it has none of its own.
        category: As sent; None where unknown.
        event_type: As sent; None where unknown.
        reason: Why.
        payload: The event as received, less what the privacy settings keep out of Postgres.
        dialect: The wire format of the payload.
        event: The canonical event as JSON, as far as the dialect could make it; empty where not.
        endpoint: Method and path at which it came in, by which it can be read again.
        sender: Who sent it, as whom it can be judged again; None where that is not known.
        user_id: Whom it names, as far as that is known: for erasures alone, not stored by itself.
        anonymous_id: Which device it names; so too.
    """

    source: str
    event_id: str | None
    category: str | None
    event_type: str | None
    reason: Reason
    payload: bytes
    dialect: str = "canonical"
    event: bytes = b""
    endpoint: str = "POST /v1/events"
    sender: Sender | None = None
    user_id: str | None = None
    anonymous_id: str | None = None


class Suppressed(msgspec.Struct):
    """An event that is dropped on purpose. Nothing of it is kept but that there was one.

    Attributes:
        source: Who sent it.
        reason: Why.
    """

    source: str
    reason: Reason


Item = Event | Rejected | Suppressed
