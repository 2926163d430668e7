"""The ticket platform's wire format: what its pages and its server track, one by one or in batches.

Names are taken in camel case, as its pages write them, and in snake case, as its tables have them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from ingestion import splitting
from ingestion.answers import Answer, RefusedError
from ingestion.dialect import Dialect, Endpoint, Operation, Outcome
from ingestion.dialects._answering import (
    FLAGGED,
    MAY_NOT,
    WRONG,
    Spelling,
    answer_one,
    moment,
    reply,
)
from ingestion.dialects._reading import Fields, check_claim
from ingestion.dialects._tracked import SHAPES, Shape, shape_of
from ingestion.event import Event, Incoming
from ingestion.items import Item
from ingestion.request import Request
from ingestion.schema import (
    AMOUNT,
    ANY_OBJECT,
    COUNT,
    CURRENCY,
    FLAG,
    ID,
    KEY,
    MOMENT,
    NUMBER,
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
from ingestion.verdict import QUARANTINED, SUPPRESSED, Reason, Verdict

_PATH = "/api/v1/tracking"
_NAME: Json = {"type": "string", "minLength": 1}
_SUMMARIES = {
    "activity": "Track what somebody does on a page",
    "event-interaction": "Track what somebody does with an event",
    "conversion": "Track a goal that somebody reached",
    "performance": "Track how long an endpoint took",
    "heatmap": "Track where on a page people point and click",
}
_NEEDED = {
    "activity": ("eventType",),
    "event-interaction": ("eventId", "interactionType"),
    "conversion": ("conversionType",),
    "performance": ("endpoint",),
    "heatmap": ("pageUrl",),
}
_PROPERTIES: dict[str, dict[str, Json]] = {
    "activity": {"eventType": _NAME, "pageUrl": TEXT, "eventData": nullable(ANY_OBJECT)},
    "event-interaction": {
        "eventId": given_id("the event, such as a concert", "event-123"),
        "interactionType": _NAME,
        "interactionData": nullable(ANY_OBJECT),
    },
    "conversion": {
        "conversionType": _NAME,
        "conversionValue": AMOUNT,
        "currency": CURRENCY,
        "campaignId": ID,
        "conversionData": nullable(ANY_OBJECT),
    },
    "performance": {
        "endpoint": _NAME,
        "method": TEXT,
        "responseTime": nullable({**NUMBER, "minimum": 0, "description": "In ms."}),
        "statusCode": nullable({"type": "integer", "minimum": 100, "maximum": 599}),
        "errorMessage": TEXT,
    },
    "heatmap": {
        "pageUrl": _NAME,
        "xPosition": nullable(NUMBER),
        "yPosition": nullable(NUMBER),
        "elementSelector": TEXT,
        "clickCount": nullable(COUNT),
        "hoverCount": nullable(COUNT),
        "scrollDepth": nullable({"type": "number", "minimum": 0, "maximum": 100}),
    },
}
_COMMON: dict[str, Json] = {
    "sessionId": ID,
    "userId": {**ID, "description": "Who; a key of a service may say so."},
    "trackingId": KEY,
    "timestamp": nullable(TIME),
}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "activity": {
        "eventType": "page_view",
        "sessionId": "session-123",
        "pageUrl": "https://bilten.com/events",
        "eventData": {"referrer": "google.com", "searchTerm": "music events"},
    },
    "event-interaction": {
        "eventId": "event-uuid",
        "interactionType": "view",
        "sessionId": "session-123",
        "interactionData": {"duration": 45, "scrollDepth": 75},
    },
    "conversion": {
        "conversionType": "purchase",
        "conversionValue": 99.99,
        "sessionId": "session-123",
        "campaignId": "summer2024",
        "conversionData": {"orderId": "order-123", "ticketCount": 2},
    },
    "performance": {
        "endpoint": "/api/v1/events",
        "responseTime": 245,
        "statusCode": 200,
        "errorMessage": None,
    },
    "heatmap": {
        "pageUrl": "https://bilten.com/events",
        "xPosition": 150,
        "yPosition": 200,
        "elementSelector": ".event-card",
        "clickCount": 1,
        "hoverCount": 3,
        "scrollDepth": 75,
        "sessionId": "session-123",
    },
}
_REFUSALS = {400: WRONG, 403: MAY_NOT}
_IN_A_BATCH = {category: shape.spelling for shape in SHAPES for category in shape.categories}


def _endpoint(shape: Shape) -> Endpoint:
    """Return the endpoint that takes one event of a shape."""

    def decode(raw: bytes, request: Request) -> Incoming:
        return shape.read(Fields.of(raw, camel=True), request)

    def taken(request: Request, event: Event, verdict: Verdict) -> Answer:
        return _reply(f"{shape.title} tracked successfully", event.event_id, moment(event))

    def dropped(request: Request, reason: Reason) -> Answer:
        return _reply(f"{shape.title} not tracked: {reason.message}", None, _now())

    return Endpoint(
        path=f"{_PATH}/{shape.name}",
        decode=decode,
        answer=answer_one(FLAGGED, shape.spelling, taken, dropped),
        is_for_clients=True,
        check=check_claim,
        operation=Operation(
            summary=_SUMMARIES[shape.name],
            description="Names may be in snake case too. What stands in the event's data counts "
            "as if it stood in the event.",
            body=_schema(shape.name),
            example=_EXAMPLES[shape.name],
            answer=exact(
                success=FLAG,
                message=STRING,
                data=exact(trackingId=nullable(UUID), timestamp=MOMENT),
            ),
            answered="It is stored; where it may not be kept, `trackingId` is null.",
            refusals=_REFUSALS,
        ),
    )


def _reply(message: str, tracking_id: str | None, timestamp: dt.datetime) -> Answer:
    data = {"trackingId": tracking_id, "timestamp": timestamp}
    return reply(200, {"success": True, "message": message, "data": data})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _schema(name: str) -> Json:
    return open_object(_NEEDED[name], **_PROPERTIES[name], **_COMMON)


def _split_batch(body: bytes, request: Request) -> Sequence[bytes]:
    """Return the events of a batch.

    Raises:
        RefusedError: It is none.
    """
    raws = splitting.split(body, request.header(b"content-type").lower())
    is_one_object = len(raws) == 1 and raws[0] == body.strip()
    if is_one_object and raws[0][:1] == b"{":
        raise RefusedError(
            400, "not_a_batch", 'events is missing, or no array: send {"events": […]}'
        )
    return raws


def _decode_batch(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw, camel=True)
    # the page that sends a batch need not be the one on which its events happened
    return shape_of(fields).read(fields, request._replace(headers={}))


def _answer_batch(outcome: Outcome) -> Answer:
    results = [
        _result(item, verdict)
        for item, verdict in zip(outcome.items, outcome.verdicts, strict=True)
    ]
    failed = sum(verdict.status == QUARANTINED for verdict in outcome.verdicts)
    dropped = sum(verdict.status == SUPPRESSED for verdict in outcome.verdicts)
    tracked = len(results) - failed - dropped
    message = "Batch tracked successfully"
    if failed or dropped:
        message = f"{tracked} of {len(results)} events tracked"
    data = {"tracked": tracked, "failed": failed, "results": results}
    return reply(200, {"success": failed == 0, "message": message, "data": data})


def _result(item: Item, verdict: Verdict) -> dict[str, object]:
    reason = verdict.reason if verdict.status in (QUARANTINED, SUPPRESSED) else None
    if reason is not None:
        category = getattr(item, "category", None)
        reason = _IN_A_BATCH.get(category or "", Spelling(camel=True)).respell(reason)
    return {
        "trackingId": item.event_id if isinstance(item, Event) and reason is None else None,
        "status": verdict.status,
        "error": None if reason is None else reason.code,
        "field": None if reason is None else reason.field,
        "message": None if reason is None else reason.message,
    }


_BATCH = Endpoint(
    path=f"{_PATH}/batch",
    split=_split_batch,
    decode=_decode_batch,
    answer=_answer_batch,
    is_for_clients=True,
    check=check_claim,
    operation=Operation(
        summary="Track many events",
        description="Any of the shapes of the other endpoints, mixed. Each is told by its fields, "
        "or by `type`: " + ", ".join(f"`{shape.name}`" for shape in SHAPES) + ".",
        body=open_object(
            ("events",),
            events={"type": "array", "items": {"anyOf": [_schema(shape.name) for shape in SHAPES]}},
        ),
        example={"events": list(_EXAMPLES.values())},
        answer=exact(
            success={**FLAG, "description": "Whether no event was wrong."},
            message=STRING,
            data=exact(
                tracked=COUNT,
                failed=COUNT,
                results={
                    "type": "array",
                    "items": exact(
                        trackingId=nullable(UUID),
                        status={
                            "type": "string",
                            "enum": ["stored", "duplicate", "quarantined", "suppressed"],
                        },
                        error=TEXT,
                        field=TEXT,
                        message=TEXT,
                    ),
                },
            ),
        ),
        answered="What became of each event, in order. Those that are wrong are kept aside.",
        refusals={403: MAY_NOT},
    ),
)

DIALECT = Dialect(
    name="tracking",
    description="Tracking of a ticket platform.",
    endpoints=(*map(_endpoint, SHAPES), _BATCH),
    refuse=FLAGGED.refuse,
    error=FLAGGED.schema,
    takes_anonymous=True,
)
