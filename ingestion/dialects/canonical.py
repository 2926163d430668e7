"""Footfall's own wire format: the canonical event as JSON, and a verdict for each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ingestion import splitting
from ingestion.answers import Answer
from ingestion.dialect import Dialect, Endpoint, Operation, Outcome
from ingestion.event import Incoming
from ingestion.request import Request

_decoder = msgspec.json.Decoder(Incoming)
_encoder = msgspec.json.Encoder()


def _split(body: bytes, request: Request) -> Sequence[bytes]:
    return splitting.split(body, request.header(b"content-type").lower())


def _decode(raw: bytes, request: Request) -> Incoming:
    return _decoder.decode(raw)


def _answer(outcome: Outcome) -> Answer:
    return Answer(200, _encoder.encode({"results": outcome.verdicts}))


DIALECT = Dialect(
    name="canonical",
    description="Footfall's own format.",
    endpoints=(
        Endpoint(
            path="/v1/events",
            decode=_decode,
            answer=_answer,
            split=_split,
            operation=Operation(
                summary="Send events",
                description='One event, an array of events, `{"events": […]}`, or NDJSON; plain '
                "or gzip.",
                body={"$ref": "#/components/schemas/Events"},
                example={
                    "category": "user",
                    "event_type": "page_view",
                    "user_id": "u-17",
                    "context": {"page_path": "/bottles"},
                },
                other_bodies={
                    "application/x-ndjson": {
                        "type": "string",
                        "format": "ndjson",
                        "description": "One event to a line.",
                        "example": '{"category": "user", "event_type": "login", "user_id": "u"}\n'
                        '{"category": "product", "event_type": "view", "entity_id": "mug"}\n',
                    }
                },
                answer={"$ref": "#/components/schemas/Verdicts"},
                answered="A verdict for each event, in order.",
            ),
        ),
    ),
)
