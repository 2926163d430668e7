"""The requests that are sent to be measured: cheap to make, each event with an id of its own."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, NamedTuple

_PLACE = "00000000-0000-0000-0000-000000000000"


class Format(NamedTuple):
    """A wire format, as far as a measurement needs it.

    Attributes:
        path: Where to send it.
        event: An event; :data:`_PLACE` in it is replaced by an id.
        opening: What comes before the events of a batch.
        closing: What comes after them.
        answered: What an answer holds once for each event that was stored.
    """

    path: str
    event: dict[str, Any]
    opening: str = "["
    closing: str = "]"
    answered: bytes = b'"stored"'


def make_event() -> dict[str, object]:
    """Return a canonical event of some 300 bytes, with an id of its own."""
    number = uuid.uuid4().int
    return {
        "event_id": _time_ordered_id(),
        "category": "product",
        "event_type": "view",
        "user_id": f"user-{number % 50_000}",
        "session_id": f"session-{number % 200_000}",
        "entity_id": str(number % 10_000),
        "occurred_at": "2026-11-20T08:30:00.123Z",
        "context": {"page_path": f"/products/{number % 10_000}", "device": "mobile"},
        "properties": {"product_name": "Water bottle", "price": 29.99},
    }


def _time_ordered_id() -> str:
    head = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | 0b10 << 62
    return str(uuid.UUID(int=head | uuid.uuid4().int & 0x0FFF_3FFF_FFFF_FFFF_FFFF))


FORMATS = {
    "canonical": Format("/v1/events", {**make_event(), "event_id": _PLACE}),
    "ecommerce": Format(
        "/api/v1/core/collect/",
        {
            "category": "user",
            "event_type": "product_view",
            "user_id": "user123",
            "session_id": "session456",
            "data": {
                "product_id": "1003461",
                "product_name": "Water bottle",
                "price": 29.99,
                "page_url": "/products/123",
            },
        },
        answered=b'"event_id"',
    ),
    "tracking": Format(
        "/api/v1/tracking/batch",
        {
            "eventType": "page_view",
            "sessionId": "session-123",
            "pageUrl": "https://bilten.com/events",
            "eventData": {"referrer": "google.com", "searchTerm": "music events"},
        },
        opening='{"events":[',
        closing="]}",
        answered=b'"trackingId"',
    ),
}


class Requests:
    """Makes requests, so that the sender does not become what is measured."""

    def __init__(self, form: Format, host: str, key: str, batch: int) -> None:
        """Prepare what all requests have in common.

        Args:
            form: Wire format.
            host: Host and port.
            key: Write key.
            batch: Events in a request.
        """
        text = json.dumps(form.event, separators=(",", ":"))
        self._before, self._mark, self._after = text.partition(_PLACE)
        self._batch = batch
        self._number = 0
        is_batch = batch > 1 or form.opening != "["
        self._opening = form.opening if is_batch else ""
        self._closing = form.closing if is_batch else ""
        size = batch * len(text) + (batch - 1) + len(self._opening + self._closing)
        self._head = (
            f"POST {form.path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
            "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
            f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
        )

    def next(self) -> bytes:
        """Return a request; ids are new and in the order of time."""
        if not self._mark:
            events = ",".join([self._before] * self._batch)
            return f"{self._head}{self._opening}{events}{self._closing}".encode()
        moment = f"{time.time_ns() // 1_000_000:012x}"
        first = self._number
        self._number += self._batch
        start = f"{moment[:8]}-{moment[8:]}-7000-8000-"
        between = f"{self._after},{self._before}{start}"
        ids = between.join([f"{number:012x}" for number in range(first, self._number)])
        return (
            f"{self._head}{self._opening}{self._before}{start}{ids}{self._after}{self._closing}"
        ).encode()
