"""Why an event cannot be stored, in words, and the form in which it goes into quarantine."""

from __future__ import annotations

import json
import re

import msgspec

from ingestion.consent import DENIED
from ingestion.event import Incoming, canonical_id
from ingestion.items import Rejected
from ingestion.limits import is_storable, printable
from ingestion.plan import LONGEST_NAME
from ingestion.sender import Sender
from ingestion.verdict import QuarantineError, Reason

_encoder = msgspec.json.Encoder(decimal_format="number")
DecodingError = QuarantineError | msgspec.MsgspecError | UnicodeError | RecursionError
DECODING_ERRORS = (QuarantineError, msgspec.MsgspecError, UnicodeError, RecursionError)
_ERROR_FIELD = re.compile(r" - at `\$\.?([^`]*)`$")
INVALID_TEXT = Reason(
    "invalid_text",
    None,
    "the event is not UTF-8, or has half a surrogate pair: encode the request as UTF-8",
)
_SALVAGED = ("event_id", "category", "event_type", "consent", "user_id", "anonymous_id")
_INTEGER_DIGITS = 18  # of an id that is a number
_DENIED = re.compile(rb'"consent"\s*:\s*"denied"')
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")


def reject(
    error: DecodingError,
    raw: bytes,
    *,
    payload: bytes,
    dialect: str,
    endpoint: str,
    sender: Sender,
    known: Incoming,
    event: Incoming | None,
) -> Rejected:
    """Return the quarantine entry for an event that a dialect could not decode or nobody admit.

    Args:
        error: What was raised.
        raw: The event as received.
        payload: What is kept of that.
        dialect: Wire format of the event.
        endpoint: Method and path at which it came in.
        sender: Who sent it.
        known: What the dialect made of it, or what :func:`salvage` could.
        event: What the dialect made of it, reduced to what may be kept; None where it is not.
    """
    reason = error.reason if isinstance(error, QuarantineError) else _decoding_reason(error, raw)
    given = known.event_id
    return Rejected(
        sender.source,
        None if given in (None, "") else canonical_id(given, sender.source),
        _short(known.category),
        _short(known.event_type),
        reason,
        payload,
        dialect,
        b"" if event is None else canonical_json(event),
        endpoint=printable(endpoint),
        sender=sender,
        user_id=_text(known.user_id),
        anonymous_id=_text(known.anonymous_id),
    )


def salvage(raw: bytes) -> Incoming:
    """Return what can be known of an event that its dialect cannot decode.

    Args:
        raw: The event as received, of whatever wire format: only what stands where the canonical
            one has it is found.
    """
    found = Incoming()
    try:
        fields = json.loads(raw, parse_int=_integer, parse_float=str)
    except (ValueError, RecursionError):
        found.consent = DENIED if _DENIED.search(raw) else None
        return found
    if not isinstance(fields, dict):
        return found
    for name in _SALVAGED:
        value = fields.get(name)
        is_id = name.endswith("_id")
        if (isinstance(value, str) and is_storable(value)) or (is_id and type(value) is int):
            setattr(found, name, value)
    return found


def canonical_json(incoming: Incoming) -> bytes:
    """Return an event as JSON of the canonical format; empty where its text is none."""
    try:
        return _encoder.encode(incoming)
    except (msgspec.MsgspecError, UnicodeError):
        return b""


def _decoding_reason(error: Exception, raw: bytes) -> Reason:
    """Say in words why an event's JSON is not what the canonical event wants."""
    message = str(error)
    if isinstance(error, RecursionError):
        return Reason("too_deep", None, "objects and arrays are nested too deep: send less levels")
    if isinstance(error, UnicodeError):
        return INVALID_TEXT
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
        return INVALID_TEXT
    except (ValueError, RecursionError):
        return Reason("not_json", None, f"the event is not JSON: {message}")
    if constants:
        return Reason(
            "not_finite",
            None,
            f"JSON has no {constants[0]}: leave the field out, or send null",
        )
    return INVALID_TEXT


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _INTEGER_DIGITS else text


def _text(identifier: str | int | None) -> str | None:
    return None if identifier in (None, "") else str(identifier)


def _short(name: str | None) -> str | None:
    return None if name is None else printable(name)[:LONGEST_NAME]
