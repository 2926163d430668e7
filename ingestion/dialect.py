"""What a wire format is: its endpoints, and how each reads requests and answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ingestion.answers import Answer, RefusedError
from ingestion.event import Incoming
from ingestion.items import Item
from ingestion.lookups import Lookups
from ingestion.request import Request
from ingestion.schema import Json, ref
from ingestion.splitting import whole
from ingestion.verdict import Verdict
from warehouse.tokens import INGEST


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        request: The request.
        items: What its events were judged to be, in their order.
        verdicts: What became of each.
    """

    request: Request
    items: Sequence[Item]
    verdicts: Sequence[Verdict]


class Operation(NamedTuple):
    """An endpoint in the words of OpenAPI 3.0.

    Attributes:
        summary: What it does, in a line.
        description: The rest, as Markdown.
        body: Schema of the request's JSON; None where it needs none.
        example: A body that it takes, of which the answer is 2xx.
        answer: Schema of the answer's JSON where it was taken; None where that has no body.
        answered: What that answer says, in a line.
        status: Status of that answer.
        refusals: Descriptions of the answers, by status, that only this endpoint gives.
        parameters: Descriptions of the parameters in its path, by name.
        other_bodies: Schemas of the bodies that it takes besides JSON, by media type.
    """

    summary: str
    body: Json | None
    example: Any
    answer: Json | None
    description: str = ""
    answered: str = "What became of it."
    status: int = 200
    refusals: Mapping[int, str] = {}
    parameters: Mapping[str, str] = {}
    other_bodies: Mapping[str, Json] = {}


class Endpoint(NamedTuple):
    """One method on one path.

    Attributes:
        path: Exact, or with parameters such as ``{error_id}``, each a part between two slashes.
        decode: From the bytes of one event to the canonical fields. Raises ``QuarantineError``, or
            an error of msgspec's, where they are not what the format says.
        answer: From what became of the events to the answer.
        operation: For the API reference.
        split: From a request body to the bytes of each event; without one, the body is one event.
            Raises ``RefusedError`` where events cannot be told apart.
        method: HTTP method.
        role: Role that a sender needs, if not :data:`INGEST`, which a signed-in user's events of
            his own do not need.
        is_for_clients: Whether people's own devices send it, so that the address, the user agent
            and the referrer of the request are theirs.
        prepare: Asks the warehouse what ``decode``, ``check`` and ``answer`` will have to know of
            a request; they find it in ``Request.found``. Takes the bytes of the events.
        check: Holds an event against what the format wants beyond the catalogue, once it is known
            whose it is. Raises ``QuarantineError``.
    """

    path: str
    decode: Callable[[bytes, Request], Incoming]
    answer: Callable[[Outcome], Answer]
    operation: Operation
    split: Callable[[bytes, Request], Sequence[bytes]] = whole
    method: str = "POST"
    role: str = INGEST
    is_for_clients: bool = False
    prepare: Callable[[Sequence[bytes], Request, Lookups], Awaitable[Any]] | None = None
    check: Callable[[Incoming, Request], None] | None = None


class Dialect(NamedTuple):
    """One wire format. A further one is one more file in ``dialects/``.

    Attributes:
        name: How the catalogue's ``sent_by``, logs, metrics and quarantine call it.
        description: Whose format it is, in a line, for the API reference.
        endpoints: Where its requests come in.
        refuse: How it says that it took nothing from a request.
        error: Schema of what ``refuse`` says.
        takes_anonymous: Whether its senders need no key where ``FOOTFALL_ANONYMOUS_SOURCE`` is set.
    """

    name: str
    description: str
    endpoints: tuple[Endpoint, ...]
    refuse: Callable[[RefusedError], Answer] = RefusedError.answer
    error: Json = ref("Error")
    takes_anonymous: bool = False
