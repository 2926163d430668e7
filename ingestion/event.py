"""The canonical event: as a dialect hands it over, and as it is stored."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
import uuid
from decimal import Decimal
from functools import lru_cache

import msgspec

from ingestion.verdict import QuarantineError
from warehouse.bounds import EARLIEST_TIME

EMPTY_OBJECT = msgspec.Raw(b"{}")
# Ids that are no UUIDs become version 5 UUIDs under this one, in a namespace of their source.
NAMESPACE = uuid.UUID("6f0d8f1e-3c52-5c0e-9d57-0f007fa11e57")

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds: the year 5138; as milliseconds: March 1973
_LATEST_MILLISECONDS = 253_402_300_799_999  # the last millisecond of the year 9999


class Incoming(msgspec.Struct, forbid_unknown_fields=True):
    """An event as a dialect hands it over: the canonical fields, not yet checked.

    Its fields are those of the JSON that ``POST /v1/events`` takes. ``context`` and ``properties``
    stay the text that they came as, so that no number is rounded on its way to Postgres.
    """

    event_id: str | int | None = None
    category: str | None = None
    event_type: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    session_id: str | int | None = None
    entity_type: str | None = None
    entity_id: str | int | None = None
    value: Decimal | None = None
    currency: str | None = None
    quantity: Decimal | None = None
    occurred_at: str | int | float | None = None
    consent: str | None = None
    context: msgspec.Raw = EMPTY_OBJECT
    properties: msgspec.Raw = EMPTY_OBJECT


class Event(msgspec.Struct):
    """An event that can be stored: the columns of ``raw.events``, in the order of :data:`COLUMNS`.

    Attributes:
        event_id: UUID in lower-case hexadecimal with hyphens, which sorts as Postgres does.
        occurred_at: None: becomes the time of receipt when it lands.
        is_time_corrected: The sender's clock was too far ahead; ``occurred_at`` is then None.
        context: JSON object as text.
        properties: JSON object as text.
    """

    event_id: str
    visitor_id: str
    source: str
    category: str
    event_type: str
    user_id: str | None
    anonymous_id: str | None
    session_id: str | None
    entity_type: str | None
    entity_id: str | None
    value: Decimal | None
    currency: str | None
    quantity: Decimal | None
    occurred_at: dt.datetime | None
    is_time_corrected: bool
    context: str
    properties: str


COLUMNS = (*Event.__struct_fields__, "received_at", "load_id")


@lru_cache(maxsize=1024)
def source_namespace(source: str) -> uuid.UUID:
    """Return the namespace in which a source's foreign ids become UUIDs."""
    return uuid.uuid5(NAMESPACE, source)


def canonical_id(given: str | int | None, source: str) -> str:
    """Return an event's id as a canonical UUID.

    Args:
        given: What the sender calls the event: a UUID, any other text or number, or nothing.
        source: The sender, whose foreign ids must not meet those of another.

    Returns:
        The UUID itself; for other text the version 5 UUID in the source's namespace, always the
        same; for nothing a new version 7 UUID.
    """
    if given is None or given == "":
        return new_id()
    text = str(given)
    if _CANONICAL_UUID.fullmatch(text):
        return text
    lowered = text.lower()
    if _CANONICAL_UUID.fullmatch(lowered):
        return lowered
    return str(uuid.uuid5(source_namespace(source), text))


_last_tick = 0


def new_id() -> str:
    """Return a new version 7 UUID; those of one process are in the order of their making."""
    global _last_tick  # noqa: PLW0603
    # milliseconds, then 12 bits below them: the part that version 7 keeps in order
    tick = (time.time_ns() << 12) // 1_000_000
    _last_tick = tick = max(tick, _last_tick + 1)
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{tick >> 12:012x}7{tick & 0xFFF:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parse_time(given: str | float, field: str = "occurred_at") -> dt.datetime:
    """Return a moment in UTC.

    Args:
        given: RFC 3339 text (without a zone: UTC), or seconds or milliseconds since 1970.
        field: Its name, for the reason.

    Raises:
        QuarantineError: It is no time, or one before :data:`EARLIEST_TIME`.
    """
    try:
        moment = _from_text(given) if isinstance(given, str) else _from_number(given)
    except (ValueError, OverflowError) as error:
        raise QuarantineError(
            "invalid_time",
            field,
            f"{field} is no time: send RFC 3339 text such as 2026-11-21T08:30:00Z, or the seconds "
            "or milliseconds since 1970",
        ) from error
    if moment < EARLIEST_TIME:
        raise QuarantineError(
            "invalid_time",
            field,
            f"{field} lies before {EARLIEST_TIME:%Y}: check how the time is computed",
        )
    return moment


def _from_text(given: str) -> dt.datetime:
    # RFC 3339 allows a small z, which Python does not know
    moment = dt.datetime.fromisoformat(given.upper() if given.endswith("z") else given)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=dt.UTC)
    return moment if moment.tzinfo is dt.UTC else moment.astimezone(dt.UTC)


def _from_number(given: float) -> dt.datetime:
    if not -_LATEST_MILLISECONDS <= given <= _LATEST_MILLISECONDS:
        raise ValueError("out of range")
    if abs(given) >= _MILLISECONDS_FROM:
        return _EPOCH + dt.timedelta(milliseconds=given)
    return _EPOCH + dt.timedelta(seconds=given)
