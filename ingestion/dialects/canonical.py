"""Footfall's own wire format: the canonical event as JSON, and a verdict for each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ingestion import splitting
from ingestion.answers import Answer
from ingestion.dialect import Dialect
from ingestion.event import Incoming
from ingestion.request import Request
from ingestion.verdict import Verdict

_decoder = msgspec.json.Decoder(Incoming)
_encoder = msgspec.json.Encoder()


def _split(body: bytes, request: Request) -> Sequence[bytes]:
    return splitting.split(body, request.content_type)


def _decode(raw: bytes, request: Request) -> Incoming:
    return _decoder.decode(raw)


def _answer(verdicts: Sequence[Verdict]) -> Answer:
    return Answer(200, _encoder.encode({"results": verdicts}))


DIALECT = Dialect("canonical", ("/v1/events",), _split, _decode, _answer)
