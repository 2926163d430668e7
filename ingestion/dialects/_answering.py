"""Answering as older systems do: each in one of two styles, and one event at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from ingestion.answers import Answer, RefusedError
from ingestion.dialect import Outcome
from ingestion.dialects._reading import camel_case
from ingestion.event import Event
from ingestion.request import Request
from ingestion.schema import NOTHING, STRING, TEXT, Json, exact
from ingestion.verdict import QUARANTINED, SUPPRESSED, Reason, Verdict

_encoder = msgspec.json.Encoder(decimal_format="number")
# Statuses of events that went into quarantine; any other reason is a bad request.
_STATUSES = {
    "not_yours": 403,
    "not_allowed": 403,
    "out_of_scope": 403,
    "unknown_product": 404,
    "unknown_error": 404,
}
_COMMON_NAMES = {"occurred_at": "timestamp"}
_PERSONS = ("user_id", "session_id")
# What statuses mean that many endpoints give.
WRONG = (
    "The body is not JSON, or a field is missing or wrong: its name, and what is wrong with it. "
    "The event is kept aside."
)
MAY_NOT = "The sender may not send this."


class Style(NamedTuple):
    """How a system says that something is wrong.

    Attributes:
        refuse: Nothing was taken from a request.
        reject: Its event went into quarantine, with the status of the answer.
        schema: Of what both say.
    """

    refuse: Callable[[RefusedError], Answer]
    reject: Callable[[Reason, int], Answer]
    schema: Json


class Spelling(NamedTuple):
    """How a sender calls the fields of the canonical event.

    Attributes:
        names: Its names, by the canonical ones.
        properties: Its object that becomes the properties; empty: they stand in the event itself.
        camel: Whether it writes names in camel case.
    """

    names: Mapping[str, str] = {}
    properties: str = ""
    camel: bool = False

    def respell(self, reason: Reason) -> Reason:
        """Return a reason in the sender's words."""
        if reason.field is None:
            return reason
        spelt = self.names.get(reason.field) or _COMMON_NAMES.get(reason.field)
        if self.camel and reason.field in _PERSONS:
            spelt = camel_case(reason.field)
        if spelt is None:
            group, _, name = reason.field.partition(".")
            if not name or group not in ("properties", "context"):
                return reason
            name = camel_case(name) if self.camel else name
            spelt = f"{self.properties}.{name}" if self.properties and group != "context" else name
        message = reason.message
        if message.startswith(reason.field):
            message = spelt + message.removeprefix(reason.field)
        return Reason(reason.code, spelt, message)


def reply(status: int, body: Mapping[str, object], headers: Mapping[str, str] = {}) -> Answer:
    """Return an answer with a JSON object."""
    return Answer(status, _encoder.encode(body), headers)


def answer_one(
    style: Style,
    spelling: Spelling,
    taken: Callable[[Request, Event, Verdict], Answer],
    dropped: Callable[[Request, Reason], Answer],
) -> Callable[[Outcome], Answer]:
    """Return how an endpoint answers that takes one event in a request.

    Args:
        style: How it says that something is wrong.
        spelling: How its senders call the fields.
        taken: Answers for an event that is stored, now or before.
        dropped: Answers for an event that may not be kept, with the reason.
    """

    def answer(outcome: Outcome) -> Answer:
        item, verdict = outcome.items[0], outcome.verdicts[0]
        if verdict.reason is not None and verdict.status == QUARANTINED:
            status = _STATUSES.get(verdict.reason.code, 400)
            return style.reject(spelling.respell(verdict.reason), status)
        if verdict.reason is not None and verdict.status == SUPPRESSED:
            return dropped(outcome.request, verdict.reason)
        assert isinstance(item, Event)
        return taken(outcome.request, item, verdict)

    return answer


def not_kept(request: Request, reason: Reason) -> Answer:
    """Answer for a record that may not be kept."""
    return reply(201, {"id": None, "detail": f"Not kept: {reason.message}"})


def or_not_kept(record: Json) -> Json:
    """Return the schema of an answer that is a record, or says why there is none."""
    return {"anyOf": [record, exact(id=NOTHING, detail=STRING)]}


def moment(event: Event) -> dt.datetime:
    """Return when an event happened, as far as that is known before it has landed."""
    return event.occurred_at or dt.datetime.now(dt.UTC)


def _refuse_flagged(error: RefusedError) -> Answer:
    body = {"success": False, "message": error.message, "error": error.code, "field": None}
    return reply(error.status, body, error.headers)


def _reject_flagged(reason: Reason, status: int) -> Answer:
    return reply(
        status,
        {"success": False, "message": reason.message, "error": reason.code, "field": reason.field},
    )


def _refuse_rest(error: RefusedError) -> Answer:
    return reply(error.status, {"detail": error.message, "code": error.code}, error.headers)


def _reject_rest(reason: Reason, status: int) -> Answer:
    if status != 400:
        return reply(status, {"detail": reason.message, "code": reason.code})
    return reply(status, {reason.field or "non_field_errors": [reason.message]})


FLAGGED = Style(
    _refuse_flagged,
    _reject_flagged,
    exact(success={"type": "boolean", "enum": [False]}, message=STRING, error=STRING, field=TEXT),
)
# As Django REST framework has it.
REST = Style(
    _refuse_rest,
    _reject_rest,
    {
        "anyOf": [
            exact(detail=STRING, code=STRING),
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "array", "items": STRING},
            },
        ]
    },
)
