"""The community platform's wire format: activity, access by place, metrics and errors."""

from __future__ import annotations

import msgspec

from ingestion.answers import Answer
from ingestion.dialect import Dialect, Endpoint, Operation
from ingestion.dialects import _error_log, _metrics
from ingestion.dialects._answering import MAY_NOT, REST, WRONG, Spelling, answer_one, moment, reply
from ingestion.dialects._reading import Fields, begin, finish
from ingestion.event import Event, Incoming
from ingestion.request import Request
from ingestion.schema import (
    ANY_OBJECT,
    FLAG,
    ID,
    IDENTIFIER,
    KEY,
    MOMENT,
    NOTHING,
    STRING,
    TEXT,
    TIME,
    UUID,
    Json,
    exact,
    given_id,
    nullable,
    open_object,
)
from ingestion.verdict import QuarantineError, Reason, Verdict
from warehouse.numbers import as_given

RESULTS = ("allowed", "blocked")
LEVELS = ("country", "region", "city")
KINDS = (
    *(f"{level}_{result}" for level in LEVELS for result in RESULTS),
    "traveler_access",
    "restriction_bypass",
)
_OTHER_NAMES = {"online": "heartbeat"}
_SPELLING = Spelling({"entity_id": "community_id"}, properties="metadata")
_GEO_SPELLING = Spelling(
    {
        "entity_id": "community_id",
        "properties.is_traveler": "is_traveler",
        "properties.restriction_level": "restriction_level",
    }
)
_REFUSALS = {400: WRONG, 403: MAY_NOT}


class _Said(msgspec.Struct):
    """What the answers repeat of the properties."""

    activity_type: str | None = None
    access_result: str | None = None


_LOOSE_FLAG: Json = {"description": "As the field of this name beside it, which goes first."}


def _begin(fields: Fields, category: str, event_type: str) -> Incoming:
    """Return an event of a community, with what is said of who and where."""
    incoming = begin(fields, category, event_type)
    incoming.entity_id = fields.needed_identifier("community_id", "the community's id")
    incoming.user_id = fields.identifier("user_id")
    incoming.session_id = fields.identifier("session_id")
    return incoming


def _decode_activity(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    activity = fields.needed_text("activity_type", "what was done, such as view")
    event_type = _OTHER_NAMES.get(activity, activity)
    if request.catalogue.find("community", event_type) is None:
        event_type = "interaction"
    incoming = _begin(fields, "community", event_type)
    fields.absorb("metadata")
    said = None if event_type == activity else activity
    return finish(incoming, fields.contexts(), {"activity_type": said, **fields.rest()})


def _decode_geo(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    fields.absorb("location")
    result = fields.needed_text("access_result", "allowed or blocked")
    level = fields.text("restriction_level")
    is_traveler = fields.flag("is_traveler")
    kind = _kind(result, level or "country", is_away=is_traveler is True)
    if kind == "traveler_access":
        is_traveler = True
    incoming = _begin(fields, "geo", kind)
    place = {name: fields.text(name) for name in LEVELS}
    properties = {
        "access_result": _result(kind),
        "restriction_level": level,
        "is_traveler": is_traveler,
        **fields.rest(),
    }
    return finish(incoming, {**fields.contexts(), **place}, properties)


def _kind(result: str, level: str, *, is_away: bool) -> str:
    """Return which kind of access an attempt was.

    Args:
        result: ``allowed``, ``blocked``, or already one of :data:`KINDS`.
        level: What decided: country, region or city.
        is_away: Whether the person is away from home; who was let in so is a traveller.

    Raises:
        QuarantineError: It is none of these.
    """
    if result in KINDS:
        return result
    if result not in RESULTS:
        raise QuarantineError(
            "unexpected_value",
            "access_result",
            f"access_result must be one of: {', '.join(RESULTS + KINDS)}",
        )
    if level not in LEVELS:
        raise QuarantineError(
            "unexpected_value",
            "restriction_level",
            f"restriction_level must be one of: {', '.join(LEVELS)}",
        )
    return "traveler_access" if is_away and result == "allowed" else f"{level}_{result}"


def _result(kind: str) -> str | None:
    """Return whether a kind of access let people in; None: it got around the question."""
    if kind == "traveler_access":
        return "allowed"
    return next((result for result in RESULTS if kind.endswith(result)), None)


def _activity_taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    said = msgspec.json.decode(event.properties, type=_Said)
    return _taken(event, activity_type=said.activity_type or event.event_type)


def _geo_taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    said = msgspec.json.decode(event.properties, type=_Said)
    return _taken(event, access_result=said.access_result, kind=event.event_type)


def _taken(event: Event, **said: str | None) -> Answer:
    body = {
        "success": True,
        "message": "Tracked",
        "event_id": event.event_id,
        "community_id": as_given(event.entity_id),
        "user_id": as_given(event.user_id),
        **said,
        "timestamp": moment(event),
    }
    return reply(201, body)


def _dropped(request: Request, reason: Reason) -> Answer:
    body = {"success": True, "message": f"Not tracked: {reason.message}", "event_id": None}
    return reply(201, body)


def _answer_schema(**said: Json) -> Json:
    """Return the schema of the answer to something tracked, which says less where it was not."""
    message: Json = STRING
    tracked = exact(
        success=FLAG,
        message=message,
        event_id=UUID,
        community_id=IDENTIFIER,
        user_id=nullable(IDENTIFIER),
        timestamp=MOMENT,
        **said,
    )
    dropped = exact(success=FLAG, message=message, event_id=NOTHING)
    return {"anyOf": [tracked, dropped]}


_ACTIVITY = Endpoint(
    path="/api/community-analytics/track/",
    decode=_decode_activity,
    answer=answer_one(REST, _SPELLING, _activity_taken, _dropped),
    operation=Operation(
        summary="Track what somebody does in a community",
        description="An `activity_type` that the catalogue does not have under `community` is "
        "counted as an interaction, and kept as a property.",
        body=open_object(
            ("community_id", "activity_type"),
            community_id=given_id("the community", 123),
            activity_type={"type": "string", "minLength": 1, "example": "view"},
            event_id=KEY,
            user_id=ID,
            session_id=ID,
            timestamp=nullable(TIME),
            metadata=nullable(ANY_OBJECT),
        ),
        example={
            "community_id": 123,
            "user_id": 456,
            "activity_type": "view",
            "metadata": {"section": "posts", "duration": 120},
        },
        answer=_answer_schema(activity_type=STRING),
        answered="It is stored; where it may not be kept, `event_id` is null.",
        status=201,
        refusals=_REFUSALS,
    ),
)
_GEO = Endpoint(
    path="/api/geo-analytics/track/",
    decode=_decode_geo,
    answer=answer_one(REST, _GEO_SPELLING, _geo_taken, _dropped),
    operation=Operation(
        summary="Track an attempt to get into a community",
        description="`access_result` is `allowed` or `blocked`, and `restriction_level` says what "
        "decided (without it, the country); or it names the kind itself, such as `city_blocked`. "
        "A traveller who was let in counts as `traveler_access`.",
        body=open_object(
            ("community_id", "access_result"),
            community_id=given_id("the community", 123),
            access_result={"type": "string", "enum": [*RESULTS, *KINDS]},
            event_id=KEY,
            user_id=ID,
            session_id=ID,
            location=nullable(
                open_object((), country=TEXT, region=TEXT, city=TEXT, is_traveler=_LOOSE_FLAG)
            ),
            restriction_level=nullable({"type": "string", "enum": list(LEVELS)}),
            is_traveler=nullable(FLAG),
            timestamp=nullable(TIME),
        ),
        example={
            "community_id": 123,
            "user_id": 456,
            "location": {"country": "United States", "city": "New York", "region": "New York"},
            "access_result": "allowed",
            "is_traveler": False,
        },
        answer=_answer_schema(
            access_result=nullable({"type": "string", "enum": list(RESULTS)}),
            kind={"type": "string", "enum": list(KINDS)},
        ),
        answered="It is stored; where it may not be kept, `event_id` is null.",
        status=201,
        refusals=_REFUSALS,
    ),
)

DIALECT = Dialect(
    name="community",
    description="Analytics of a community platform.",
    endpoints=(_ACTIVITY, _GEO, *_metrics.ENDPOINTS, *_error_log.ENDPOINTS),
    refuse=REST.refuse,
    error=REST.schema,
    takes_anonymous=True,
)
