"""From what a dialect decoded to an event that can be stored, or the reason why it cannot."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ingestion.catalogue import Catalogue, EventType
from ingestion.consent import check_consent
from ingestion.event import EMPTY_OBJECT, Event, Incoming, canonical_id, parse_time
from ingestion.limits import (
    LONGEST_CHARACTER,
    MAX_ENTITY_ID_BYTES,
    MAX_FRACTION_DIGITS,
    MAX_ID_BYTES,
    Limits,
    check_id,
    check_numbers,
)
from ingestion.plan import LONGEST_NAME, SNAKE_CASE, TypeSpec
from ingestion.privacy import Privacy
from ingestion.rejection import INVALID_TEXT
from ingestion.verdict import QuarantineError
from warehouse.bounds import LARGEST_NUMBER
from warehouse.settings import Settings

_ANY_TYPE = EventType(
    "custom", "event", TypeSpec("as given", {})
)  # judges event types outside the catalogue
_SHORT = MAX_ID_BYTES // LONGEST_CHARACTER  # characters of an id that needs no further look
_CURRENCY = re.compile(r"[A-Z]{3}")
_LATEST_DIGIT = LARGEST_NUMBER.bit_length()  # coarse: any value with more digits is out of range


class Rules(NamedTuple):
    """What events are held against: as the settings and the catalogue are at one moment.

    Attributes:
        catalogue: The event types.
        limits: The limits on a single event.
        privacy: What is kept of people.
        accept_unknown: Whether event types outside the catalogue are stored as given.
        skew: How far ahead of ours a sender's clock may be.
    """

    catalogue: Catalogue
    limits: Limits
    privacy: Privacy
    accept_unknown: bool
    skew: dt.timedelta

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue, privacy: Privacy) -> Rules:
        """Return the rules that follow from settings."""
        return cls(
            catalogue,
            Limits.of(settings),
            privacy,
            settings.unknown_events == "custom",
            dt.timedelta(seconds=settings.max_future_skew_seconds),
        )


class Receipt(NamedTuple):
    """From whom events came, and when.

    Attributes:
        source: Whose events they are.
        latest: Time until which a sender's clock is believed.
    """

    source: str
    latest: dt.datetime


def admit(
    incoming: Incoming,
    kind: EventType | None,
    raw: bytes,
    rules: Rules,
    receipt: Receipt,
    *,
    is_plain: bool,
) -> Event:
    """Check an event, and bring it into the form in which it is stored.

    Args:
        incoming: What the dialect made of it.
        kind: Its event type; None where the catalogue does not have it.
        raw: The event as received, for the limits.
        rules: What it is held against.
        receipt: From whom it came, and when.
        is_plain: Whether a first look has shown that no number in it needs another.

    Raises:
        QuarantineError: It cannot be stored; the reason says why, and how to mend it.
    """
    context, properties = bytes(incoming.context), bytes(incoming.properties)
    if context == b"null":
        incoming.context, context = EMPTY_OBJECT, b"{}"
    if properties == b"null":
        incoming.properties, properties = EMPTY_OBJECT, b"{}"
    rules.limits.check_content(raw, context + properties)
    if not is_plain:
        check_numbers(context, properties)
    if incoming.consent is not None:
        check_consent(incoming.consent)
    if kind is None:
        kind = _unknown_type(incoming, rules)
    kind.check(incoming)
    assert incoming.category
    assert incoming.event_type
    user_id = _identifier("user_id", incoming.user_id)
    anonymous_id = _identifier("anonymous_id", incoming.anonymous_id)
    session_id = _identifier("session_id", incoming.session_id)
    event_id = canonical_id(incoming.event_id, receipt.source)
    occurred_at = None
    is_time_corrected = False
    if incoming.occurred_at is not None and incoming.occurred_at != "":
        occurred_at = parse_time(incoming.occurred_at)
        if occurred_at > receipt.latest:
            occurred_at, is_time_corrected = None, True
    try:
        context_text, properties_text = context.decode(), properties.decode()
    except UnicodeDecodeError as error:
        raise QuarantineError(*msgspec.structs.astuple(INVALID_TEXT)) from error
    return Event(
        event_id,
        user_id or anonymous_id or session_id or event_id,
        receipt.source,
        incoming.category,
        incoming.event_type,
        user_id,
        anonymous_id,
        session_id,
        _identifier("entity_type", incoming.entity_type),
        _identifier("entity_id", incoming.entity_id, MAX_ENTITY_ID_BYTES),
        None if incoming.value is None else _number("value", incoming.value),
        None if incoming.currency is None else _currency(incoming.currency),
        None if incoming.quantity is None else _number("quantity", incoming.quantity),
        occurred_at,
        is_time_corrected,
        context_text,
        properties_text,
    )


def _unknown_type(incoming: Incoming, rules: Rules) -> EventType:
    """Return what events of a type outside the catalogue are held against.

    Raises:
        QuarantineError: They are not taken.
    """
    category, name = incoming.category, incoming.event_type
    for field, given in (("category", category), ("event_type", name)):
        if not given:
            raise QuarantineError(
                "missing_field", field, f"{field} is missing: send one of the catalogue's"
            )
        if not SNAKE_CASE.fullmatch(given) or len(given) > LONGEST_NAME:
            raise QuarantineError(
                "invalid_name",
                field,
                f"{field} is not snake_case of at most {LONGEST_NAME} letters: correct the name",
            )
    if not rules.accept_unknown:
        raise rules.catalogue.unknown(str(category), str(name))
    return _ANY_TYPE


def _identifier(name: str, value: str | int | None, limit: int = MAX_ID_BYTES) -> str | None:
    if type(value) is str and 0 < len(value) <= _SHORT:
        return value
    if value is None or value == "":
        return None
    text = str(value)
    check_id(name, text, limit)
    return text


def _number(name: str, value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise QuarantineError(
            "wrong_type", name, f"{name} is not a finite number: leave it out, or send one"
        )
    if exponent < -MAX_FRACTION_DIGITS or exponent > _LATEST_DIGIT or abs(value) > LARGEST_NUMBER:
        raise QuarantineError(
            "number_out_of_range",
            name,
            f"{name} must lie between {-LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}, with at most "
            f"{MAX_FRACTION_DIGITS} digits after the point: check how it is computed",
        )
    return value


def _currency(given: str) -> str | None:
    if not given:
        return None
    code = given.upper()
    if not _CURRENCY.fullmatch(code):
        raise QuarantineError(
            "invalid_currency",
            "currency",
            "currency is no ISO 4217 code: send three letters, such as EUR",
        )
    return code
