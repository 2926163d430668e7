"""From what a dialect decoded to an event that can be stored, or the reason why it cannot."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ingestion.catalogue import Catalogue, EventType
from ingestion.event import EMPTY_OBJECT, Event, Incoming, canonical_id, parse_time
from ingestion.limits import (
    MAX_ENTITY_ID_BYTES,
    MAX_FRACTION_DIGITS,
    MAX_ID_BYTES,
    Limits,
    check_id,
    printable,
)
from ingestion.plan import SNAKE_CASE, TypeSpec
from ingestion.verdict import QuarantineError, Reason
from warehouse.bounds import LARGEST_NUMBER
from warehouse.settings import Settings

_ANY_TYPE = EventType(
    "custom", "event", TypeSpec("as given", {})
)  # judges event types outside the catalogue
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_NAME = 63
_LATEST_DIGIT = LARGEST_NUMBER.bit_length()  # coarse: any value with more digits is out of range
_ERROR_FIELD = re.compile(r" - at `\$\.?([^`]*)`$")
_INVALID_TEXT = Reason(
    "invalid_text",
    None,
    "the event is not UTF-8, or has half a surrogate pair: encode the request as UTF-8",
)
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")


class Rejected(msgspec.Struct):
    """An event that goes into quarantine.

    Attributes:
        source: Who sent it.
        event_id: Its id in the warehouse; None where it has none of its own.
        category: As sent; None where unknown.
        event_type: As sent; None where unknown.
        reason: Why.
        payload: The event as received.
    """

    source: str
    event_id: str | None
    category: str | None
    event_type: str | None
    reason: Reason
    payload: bytes


class Rules(NamedTuple):
    """What events are held against, settled once per request.

    Attributes:
        catalogue: The event types.
        limits: The limits on a single event.
        accept_unknown: Whether event types outside the catalogue are stored as given.
        latest: Latest moment that a sender's clock may show.
    """

    catalogue: Catalogue
    limits: Limits
    accept_unknown: bool
    latest: dt.datetime

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue) -> Rules:
        """Return the rules of a request that arrives now."""
        return cls(
            catalogue,
            Limits.of(settings),
            settings.unknown_events == "custom",
            dt.datetime.now(dt.UTC) + dt.timedelta(seconds=settings.max_future_skew_seconds),
        )


def admit(incoming: Incoming, raw: bytes, source: str, rules: Rules) -> Event:
    """Check an event, and bring it into the form in which it is stored.

    Args:
        incoming: What the dialect made of it.
        raw: The event as received, for the limits.
        source: Who sent it.
        rules: What it is held against.

    Raises:
        QuarantineError: It cannot be stored; the reason says why, and how to mend it.
    """
    if incoming.context == b"null":
        incoming.context = EMPTY_OBJECT
    if incoming.properties == b"null":
        incoming.properties = EMPTY_OBJECT
    rules.limits.check_content(raw, incoming.context, incoming.properties)
    _event_type(incoming, rules).check(incoming)
    assert incoming.category
    assert incoming.event_type
    user_id = _identifier("user_id", incoming.user_id)
    anonymous_id = _identifier("anonymous_id", incoming.anonymous_id)
    session_id = _identifier("session_id", incoming.session_id)
    event_id = canonical_id(incoming.event_id, source)
    occurred_at = None
    is_time_corrected = False
    if incoming.occurred_at is not None and incoming.occurred_at != "":
        occurred_at = parse_time(incoming.occurred_at)
        if occurred_at > rules.latest:
            occurred_at, is_time_corrected = None, True
    try:
        context = str(incoming.context, "utf-8")
        properties = str(incoming.properties, "utf-8")
    except UnicodeDecodeError as error:
        raise QuarantineError(*msgspec.structs.astuple(_INVALID_TEXT)) from error
    return Event(
        event_id,
        user_id or anonymous_id or session_id or event_id,
        source,
        incoming.category,
        incoming.event_type,
        user_id,
        anonymous_id,
        session_id,
        _identifier("entity_type", incoming.entity_type),
        _identifier("entity_id", incoming.entity_id, MAX_ENTITY_ID_BYTES),
        _number("value", incoming.value),
        _currency(incoming.currency),
        _number("quantity", incoming.quantity),
        occurred_at,
        is_time_corrected,
        context,
        properties,
    )


def reject(
    error: QuarantineError | msgspec.MsgspecError | UnicodeError | RecursionError,
    raw: bytes,
    source: str,
    incoming: Incoming | None,
) -> Rejected:
    """Return the quarantine entry for an event that a dialect could not decode or nobody admit.

    Args:
        error: What was raised.
        raw: The event as received.
        source: Who sent it.
        incoming: What the dialect made of it; None where it made nothing.
    """
    reason = error.reason if isinstance(error, QuarantineError) else _decoding_reason(error, raw)
    if incoming is None:
        incoming = _salvage(raw)
    given = incoming.event_id
    return Rejected(
        source,
        None if given in (None, "") else canonical_id(given, source),
        _short(incoming.category),
        _short(incoming.event_type),
        reason,
        raw,
    )


def _event_type(incoming: Incoming, rules: Rules) -> EventType:
    category, name = incoming.category, incoming.event_type
    kind = rules.catalogue.find(category, name)
    if kind is not None:
        return kind
    for field, given in (("category", category), ("event_type", name)):
        if not given:
            raise QuarantineError(
                "missing_field", field, f"{field} is missing: send one of the catalogue's"
            )
        if not SNAKE_CASE.fullmatch(given) or len(given) > _LONGEST_NAME:
            raise QuarantineError(
                "invalid_name",
                field,
                f"{field} is not snake_case of at most {_LONGEST_NAME} letters: correct the name",
            )
    if not rules.accept_unknown:
        raise rules.catalogue.unknown(str(category), str(name))
    return _ANY_TYPE


def _identifier(name: str, value: str | int | None, limit: int = MAX_ID_BYTES) -> str | None:
    if value is None or value == "":
        return None
    text = value if type(value) is str else str(value)
    check_id(name, text, limit)
    return text


def _number(name: str, value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
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


def _currency(given: str | None) -> str | None:
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


def _decoding_reason(error: Exception, raw: bytes) -> Reason:
    """Say in words why an event's JSON is not what the canonical event wants."""
    message = str(error)
    if isinstance(error, RecursionError):
        return Reason("too_deep", None, "objects and arrays are nested too deep: send less levels")
    if isinstance(error, UnicodeError):
        return _INVALID_TEXT
    if not isinstance(error, msgspec.ValidationError):
        return _syntax_reason(raw, message)
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        name = printable(unknown[1])
        return Reason(
            "unknown_field",
            name,
            f"an event has no field {name}: put it into properties, or correct its name; the "
            f"fields are {', '.join(Incoming.__struct_fields__)}",
        )
    where = _ERROR_FIELD.search(message)
    if where is None:
        return Reason("not_an_object", None, f"an event is a JSON object: {message}")
    what = message[: where.start()]
    return Reason("wrong_type", where[1], f"{where[1]}: {what}; correct its type")


def _syntax_reason(raw: bytes, message: str) -> Reason:
    """Tell what many programs write but JSON does not allow from what is no JSON at all."""
    constants: list[str] = []
    try:
        json.loads(raw, parse_constant=constants.append, parse_float=str, parse_int=str)
    except UnicodeDecodeError:
        return _INVALID_TEXT
    except (ValueError, RecursionError):
        return Reason("not_json", None, f"the event is not JSON: {message}")
    if constants:
        return Reason(
            "not_finite",
            None,
            f"JSON has no {constants[0]}: leave the field out, or send null",
        )
    return _INVALID_TEXT


def _salvage(raw: bytes) -> Incoming:
    """Return what can be known of an event that is not as it should be."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Incoming()
    found = Incoming()
    for name in ("event_id", "category", "event_type"):
        try:
            value = msgspec.json.decode(fields.get(name, b"null"))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
        if isinstance(value, str) or (name == "event_id" and type(value) is int):
            setattr(found, name, value)
    return found


def _short(name: str | None) -> str | None:
    return None if name is None else printable(name)[:_LONGEST_NAME]
