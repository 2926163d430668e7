"""Metrics of the community platform: measured once, and never changed."""

from __future__ import annotations

from collections.abc import Sequence

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
from ingestion.event import Event, Incoming
from ingestion.limits import MAX_ENTITY_ID_BYTES
from ingestion.request import Request
from ingestion.schema import (
    ANY_OBJECT,
    KEY,
    MOMENT,
    NUMBER,
    NUMBERED,
    STRING,
    TIME,
    exact,
    nullable,
    open_object,
)
from ingestion.verdict import Verdict
from warehouse.numbers import number_of

_SPELLING = Spelling({"entity_id": "metric_type"})


class _Properties(msgspec.Struct):
    additional_data: msgspec.Raw = msgspec.Raw(b"null")


def _decode(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    incoming = begin(fields, "system", "metric", times=("recorded_at", "timestamp"))
    incoming.entity_id = fields.needed_text("metric_type", "the kind of metric")
    incoming.value = fields.number("value")
    return finish(incoming, fields.contexts(), fields.rest())


def _taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    properties = msgspec.json.decode(event.properties, type=_Properties)
    body = {
        "id": number_of(event.event_id),
        "metric_type": event.entity_id,
        "value": event.value,
        "additional_data": properties.additional_data,
        "recorded_at": moment(event),
    }
    return reply(201, body)


def _refuse_change(body: bytes, request: Request) -> Sequence[bytes]:
    raise RefusedError(
        405,
        "method_not_allowed",
        "a metric stays as it was measured: send another one by POST /api/metrics/",
        {"allow": "GET"},
    )


def _no_change(method: str) -> Endpoint:
    return Endpoint(
        path="/api/metrics/{metric_id}/",
        method=method,
        split=_refuse_change,
        decode=_decode,
        answer=answer_one(REST, _SPELLING, _taken, not_kept),
        operation=Operation(
            summary="Refused: a metric stays as it was measured",
            body=None,
            example=None,
            answer=REST.schema,
            answered="Always.",
            status=405,
            parameters={"metric_id": "Id of the metric."},
        ),
    )


ENDPOINTS = (
    Endpoint(
        path="/api/metrics/",
        decode=_decode,
        answer=answer_one(REST, _SPELLING, _taken, not_kept),
        operation=Operation(
            summary="Record a metric",
            body=open_object(
                ("metric_type", "value"),
                metric_type={"type": "string", "minLength": 1, "maxLength": MAX_ENTITY_ID_BYTES},
                value=NUMBER,
                event_id=KEY,
                additional_data=nullable(ANY_OBJECT),
                recorded_at=nullable(TIME),
            ),
            example={"metric_type": "cpu_usage", "value": 42.5},
            answer=or_not_kept(
                exact(
                    id=NUMBERED,
                    metric_type=STRING,
                    value={"type": "number"},
                    additional_data=nullable(ANY_OBJECT),
                    recorded_at=MOMENT,
                )
            ),
            answered="The metric; where it may not be kept, `id` is null.",
            status=201,
            refusals={400: WRONG, 403: MAY_NOT},
        ),
    ),
    *map(_no_change, ("PUT", "PATCH", "DELETE")),
)
