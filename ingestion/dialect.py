"""What a wire format is: where its requests come in, and how to read and answer them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ingestion.answers import Answer
from ingestion.event import Incoming
from ingestion.request import Request
from ingestion.verdict import Verdict


class Dialect(NamedTuple):
    """One wire format. A further one is one more file in ``dialects/``.

    Attributes:
        name: How the catalogue's ``sent_by``, logs and metrics call it.
        paths: Exact paths that take its POST requests.
        split: From a request body to the bytes of each event. Raises ``RefusedError`` where events
            cannot be told apart.
        decode: From the bytes of one event to the canonical fields. Raises ``QuarantineError``, or
            an error of msgspec's, where they are not what the format says.
        answer: From the verdicts, in the order of the events, to the answer.
    """

    name: str
    paths: tuple[str, ...]
    split: Callable[[bytes, Request], Sequence[bytes]]
    decode: Callable[[bytes, Request], Incoming]
    answer: Callable[[Sequence[Verdict]], Answer]
