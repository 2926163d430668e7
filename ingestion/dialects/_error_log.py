"""Errors of the community platform: a log that can be settled, and loses nothing.

What is logged is never changed underneath. Resolving an error, opening it again and deleting it are
events about it, and reading takes them into account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ingestion.answers import Answer, RefusedError
from ingestion.dialect import Endpoint, Operation
from ingestion.dialects._answering import (
    MAY_NOT,
    REST,
    WRONG,
    Spelling,
    answer_one,
    moment,
    not_kept,
    or_not_kept,
    reply,
)
from ingestion.dialects._reading import Fields, begin, finish
from ingestion.event import Event, Incoming, canonical_id
from ingestion.landing import UnavailableError
from ingestion.limits import is_storable
from ingestion.lookups import Lookups
from ingestion.request import Request
from ingestion.schema import (
    ANY_OBJECT,
    FLAG,
    ID,
    IDENTIFIER,
    KEY,
    MOMENT,
    NUMBERED,
    STRING,
    TEXT,
    TIME,
    exact,
    nullable,
    open_object,
)
from ingestion.verdict import DUPLICATE, QuarantineError, Reason, Verdict
from warehouse.numbers import as_given, is_numbered, new_number, number_of, numbered_id
from warehouse.tokens import ADMIN

LEVELS = ("debug", "info", "warning", "error", "critical")
# Fields of an error that a change of it may repeat; they stay as they were.
_UNCHANGED = {
    *("id", "user", "level", "message", "stack_trace", "url", "method"),
    *("ip_address", "user_agent", "extra_data", "created_at"),
}
_SPELLING = Spelling({"user_id": "user", "event_id": "id"})
_ERROR_ID = {
    "anyOf": [NUMBERED, {"type": "string"}],
    "description": "A number; where the sender gave the error an id of its own, a UUID.",
}
_NO_SUCH_ERROR = "There is no error of this id."


class _Properties(msgspec.Struct):
    """What the answers repeat of the properties."""

    level: str | None = None
    message: str | None = None
    stack_trace: msgspec.Raw = msgspec.Raw(b"null")
    url: msgspec.Raw = msgspec.Raw(b"null")
    method: msgspec.Raw = msgspec.Raw(b"null")
    extra_data: msgspec.Raw = msgspec.Raw(b"null")


class _Found(NamedTuple):
    """Which error a path names.

    Attributes:
        event_id: Its event id; None where there is no such error.
    """

    event_id: str | None


class _Context(msgspec.Struct):
    ip: str | None = None
    user_agent: str | None = None


def _decode_error(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    incoming = begin(fields, "system", "error", times=("created_at", "timestamp"))
    if incoming.event_id in (None, ""):
        incoming.event_id = numbered_id(new_number())
    incoming.user_id = fields.identifier("user", "user_id")
    incoming.session_id = fields.identifier("session_id")
    properties = {
        "level": (fields.text("level") or "error").lower(),
        "message": fields.needed_text("message", "what went wrong"),
    }
    context = {"ip": fields.text("ip_address"), "user_agent": fields.text("user_agent")}
    return finish(incoming, {**context, **fields.contexts()}, {**properties, **fields.rest()})


def _error_taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    if verdict.status == DUPLICATE and is_numbered(event.event_id):
        # the number drawn for it is that of another error: the next one will not be
        raise UnavailableError("busy", "the error was not logged: try again", 1)
    properties = msgspec.json.decode(event.properties, type=_Properties)
    context = msgspec.json.decode(event.context, type=_Context)
    body = {
        "id": _record_id(event.event_id),
        "user": as_given(event.user_id),
        "level": properties.level,
        "message": properties.message,
        "stack_trace": properties.stack_trace,
        "url": properties.url,
        "method": properties.method,
        "ip_address": context.ip,
        "user_agent": context.user_agent,
        "extra_data": properties.extra_data,
        "created_at": moment(event),
        "resolved_at": None,
        "is_resolved": False,
    }
    return reply(201, body)


async def _find_error(raws: Sequence[bytes], request: Request, lookups: Lookups) -> _Found:
    """Look for the error that a path names.

    Raises:
        RefusedError: The sender is nobody in particular.
    """
    if request.sender.is_anonymous:
        raise RefusedError(
            401,
            "unauthorized",
            "changing an error needs a write key or a token",
            {"www-authenticate": 'Bearer realm="footfall"'},
        )
    candidates = _candidates(request)
    return _Found(await lookups.stored(candidates) if candidates else None)


def _candidates(request: Request) -> list[str]:
    """Return the event ids that the id in a path may stand for, the likeliest first."""
    given = request.parameters.get("error_id", "")
    if not is_storable(given):
        return []
    number = as_given(given)
    numbered = [numbered_id(number)] if isinstance(number, int) and number >= 0 else []
    return [*numbered, canonical_id(given, request.sender.source)]


def _decode_change(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    is_resolved = fields.flag("is_resolved")
    if is_resolved is None:
        raise QuarantineError(
            "missing_field",
            "is_resolved",
            "is_resolved is missing: send true or false; nothing else of an error can be changed",
        )
    incoming = begin(
        fields,
        "system",
        "error_resolved" if is_resolved else "error_reopened",
        times=("resolved_at", "timestamp"),
    )
    incoming.entity_id = _named_error(request)
    rest = {name: raw for name, raw in fields.rest().items() if name not in _UNCHANGED}
    return finish(incoming, {}, rest)


def _decode_deletion(raw: bytes, request: Request) -> Incoming:
    return Incoming(
        category="system",
        event_type="error_deleted",
        entity_id=_named_error(request),
    )


def _named_error(request: Request) -> str:
    found: _Found | None = request.found
    return (found and found.event_id) or request.parameters.get("error_id", "")


def _check_found(incoming: Incoming, request: Request) -> None:
    found: _Found | None = request.found
    if found is not None and found.event_id is None:
        raise QuarantineError(
            "unknown_error", "id", "there is no error of this id: correct it, or log the error"
        )


def _changed(request: Request, event: Event, verdict: Verdict) -> Answer:
    is_resolved = event.event_type == "error_resolved"
    body = {
        "id": _record_id(str(event.entity_id)),
        "is_resolved": is_resolved,
        "resolved_at": moment(event) if is_resolved else None,
    }
    return reply(200, body)


def _deleted(request: Request, event: Event, verdict: Verdict) -> Answer:
    return Answer(204, b"")


def _not_changed(request: Request, reason: Reason) -> Answer:
    # an error is no person: what keeps changes of it out is something about their sender
    return REST.reject(reason, 403)


def _record_id(event_id: str) -> int | str:
    return number_of(event_id) if is_numbered(event_id) else event_id


def _without_body(body: bytes, request: Request) -> Sequence[bytes]:
    return [b"{}"]


def _change(method: str) -> Endpoint:
    return Endpoint(
        path="/api/errors/{error_id}/",
        method=method,
        decode=_decode_change,
        answer=answer_one(REST, _SPELLING, _changed, _not_changed),
        prepare=_find_error,
        check=_check_found,
        operation=Operation(
            summary="Resolve an error, or open it again",
            description="`is_resolved` alone can change. Other fields of an error are passed over, "
            "and further ones kept with the change.",
            body=open_object(("is_resolved",), is_resolved=FLAG, resolved_at=nullable(TIME)),
            example={"is_resolved": True},
            answer=exact(id=_ERROR_ID, is_resolved=FLAG, resolved_at=nullable(MOMENT)),
            answered="How it stands now.",
            refusals={400: WRONG, 403: MAY_NOT, 404: _NO_SUCH_ERROR},
            parameters={"error_id": "Id of the error."},
        ),
    )


ENDPOINTS = (
    Endpoint(
        path="/api/errors/",
        decode=_decode_error,
        answer=answer_one(REST, _SPELLING, _error_taken, not_kept),
        operation=Operation(
            summary="Log an error",
            body=open_object(
                ("message",),
                message={"type": "string", "minLength": 1},
                level=nullable({"type": "string", "enum": list(LEVELS)}),
                stack_trace=TEXT,
                event_id=KEY,
                user={**ID, "description": "Whom it met."},
                url=TEXT,
                method=TEXT,
                ip_address=TEXT,
                user_agent=TEXT,
                extra_data=nullable(ANY_OBJECT),
                created_at=nullable(TIME),
            ),
            example={
                "level": "error",
                "message": "Unhandled exception in view.",
                "stack_trace": "Traceback...",
            },
            answer=or_not_kept(
                exact(
                    id=_ERROR_ID,
                    user=nullable(IDENTIFIER),
                    level={"type": "string", "enum": list(LEVELS)},
                    message=STRING,
                    stack_trace=TEXT,
                    url=TEXT,
                    method=TEXT,
                    ip_address=TEXT,
                    user_agent=TEXT,
                    extra_data=nullable(ANY_OBJECT),
                    created_at=MOMENT,
                    resolved_at=nullable(MOMENT),
                    is_resolved=FLAG,
                )
            ),
            answered="The error, less what may not be kept of it; where it may not be kept at all, "
            "`id` is null.",
            status=201,
            refusals={400: WRONG, 403: MAY_NOT},
        ),
    ),
    *map(_change, ("PUT", "PATCH")),
    Endpoint(
        path="/api/errors/{error_id}/",
        method="DELETE",
        role=ADMIN,
        split=_without_body,
        decode=_decode_deletion,
        answer=answer_one(REST, _SPELLING, _deleted, _not_changed),
        prepare=_find_error,
        check=_check_found,
        operation=Operation(
            summary="Delete an error",
            description="It is no longer listed. For administrators alone.",
            body=None,
            example=None,
            answer=None,
            answered="It is deleted.",
            status=204,
            refusals={403: MAY_NOT, 404: _NO_SUCH_ERROR},
            parameters={"error_id": "Id of the error."},
        ),
    ),
)
