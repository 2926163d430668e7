"""The fasting app's wire format: events of users and of the app itself, each about a thing."""

from __future__ import annotations

import msgspec

from ingestion.answers import Answer
from ingestion.catalogue import EventType
from ingestion.dialect import Dialect, Endpoint, Operation
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
from ingestion.event import Event, Incoming
from ingestion.request import Request
from ingestion.schema import (
    ANY_OBJECT,
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
from ingestion.verdict import QuarantineError, Verdict
from warehouse.numbers import as_given, number_of
from warehouse.titles import title_of

CATEGORIES = ("user_action", "system_event", "milestone", "notification", "analytics")
# What the app tells of itself: a signed-in user may not.
_OF_THE_APP = ("system_event", "milestone")
_ABOUT_A_USER = ("user_action", "user_milestone_reached")
_LONGEST_TITLE = 255
_SPELLING = Spelling(
    {
        "user_id": "user",
        "entity_type": "target_type",
        "entity_id": "target_id",
        "properties.title": "title",
    },
    properties="data",
)
_properties = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _decode(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    kind = _kind(fields.needed_text("event_type", "the code of its type"), request)
    incoming = begin(fields, kind.category, kind.name)
    incoming.user_id = fields.identifier("user", "user_id")
    _aim(fields, incoming, kind)
    context = {"ip": fields.text("ip_address"), "user_agent": fields.text("user_agent")}
    title = fields.text("title")
    if title is not None and len(title) > _LONGEST_TITLE:
        raise QuarantineError(
            "string_too_long", "title", f"title has more than {_LONGEST_TITLE} characters"
        )
    data = fields.object("data").rest()
    if kind.name == "fast_participant_milestone" and "milestone" in data:
        data = {"threshold": data["milestone"], **data}  # as the app calls it
    return finish(incoming, context, {**data, **fields.rest(), "title": title})


def _kind(code: str, request: Request) -> EventType:
    """Return the event type of a code.

    Raises:
        QuarantineError: There is none.
    """
    for category in CATEGORIES:
        kind = request.catalogue.find(category, code)
        if kind is not None:
            return kind
    codes = [kind.name for kind in request.catalogue if kind.category in CATEGORIES]
    raise QuarantineError(
        "unknown_event_type",
        "event_type",
        f"there is no such event_type: it must be one of {', '.join(codes)}; or add it to the "
        "catalogue",
    )


def _aim(fields: Fields, incoming: Incoming, kind: EventType) -> None:
    """Fill in what an event is about."""
    target_type = fields.text("target_type")
    incoming.entity_id = fields.identifier("target_id")
    if target_type:
        # Django puts the application before the model
        incoming.entity_type = target_type.rpartition(".")[2].lower()
    has_type = bool(target_type or kind.entity_type)
    has_id = incoming.entity_id not in (None, "")
    needs_id = (spec := kind.fields.get("entity_id")) is not None and spec.required
    if (target_type or needs_id) and not has_id:
        raise QuarantineError("missing_field", "target_id", "target_id is missing: send which one")
    if has_id and not has_type:
        raise QuarantineError(
            "missing_field", "target_type", "target_type is missing: send what target_id is one of"
        )


def _check(incoming: Incoming, request: Request) -> None:
    """Hold an event against what its sender may say, once it is known whose it is."""
    sender = request.sender
    is_plain_user = sender.user_id is not None and not sender.may_speak_for_others
    if is_plain_user and incoming.category in _OF_THE_APP:
        raise QuarantineError(
            "not_allowed",
            "event_type",
            "a signed-in user may not tell what the app does: send it with a key or an "
            "administrator's token",
        )
    about_a_user = incoming.category in _ABOUT_A_USER or incoming.event_type in _ABOUT_A_USER
    if about_a_user and incoming.user_id in (None, ""):
        raise QuarantineError("missing_field", "user", "user is missing: send who did it")


def _taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    properties = _properties.decode(event.properties)
    values = msgspec.json.decode(event.properties)
    target = {"type": event.entity_type, "id": as_given(event.entity_id)}
    body = {
        "id": number_of(event.event_id),
        "event_type": event.event_type,
        "title": title_of(
            event.event_type,
            user=event.user_id,
            target_type=event.entity_type,
            target_id=event.entity_id,
            properties=values,
        ),
        "user": as_given(event.user_id),
        "target": None if event.entity_id is None else target,
        "data": {name: raw for name, raw in properties.items() if name != "title"},
        "timestamp": moment(event),
    }
    return reply(201, body)


DIALECT = Dialect(
    name="events",
    description="Events of a fasting app.",
    endpoints=(
        Endpoint(
            path="/api/events/events/",
            decode=_decode,
            answer=answer_one(REST, _SPELLING, _taken, not_kept),
            check=_check,
            operation=Operation(
                summary="Record an event",
                description="`event_type` is the code of any type that the catalogue has under "
                + ", ".join(f"`{category}`" for category in CATEGORIES)
                + ". A signed-in user sends events of its own, and none of the app; keys and "
                "administrators send for everybody.",
                body=open_object(
                    ("event_type",),
                    event_type={"type": "string", "minLength": 1},
                    event_id=KEY,
                    user={**ID, "description": "Who did it; without it, who is signed in."},
                    target_type={**TEXT, "description": "Kind of thing that it is about."},
                    target_id={**ID, "description": "Which thing it is about."},
                    title={
                        **nullable({"type": "string", "maxLength": _LONGEST_TITLE}),
                        "description": "Without it, one is made.",
                    },
                    data=nullable(ANY_OBJECT),
                    timestamp=nullable(TIME),
                    ip_address=TEXT,
                    user_agent=TEXT,
                ),
                example={
                    "event_type": "user_joined_fast",
                    "user": 17,
                    "target_type": "fast",
                    "target_id": 123,
                    "data": {"custom_field": "value"},
                },
                answer=or_not_kept(
                    exact(
                        id=NUMBERED,
                        event_type=STRING,
                        title=STRING,
                        user=nullable(IDENTIFIER),
                        target=nullable(exact(type=TEXT, id=IDENTIFIER)),
                        data=ANY_OBJECT,
                        timestamp=MOMENT,
                    )
                ),
                answered="The event; where it may not be kept, `id` is null.",
                status=201,
                refusals={400: WRONG, 403: MAY_NOT},
            ),
        ),
    ),
    refuse=REST.refuse,
    error=REST.schema,
)
