"""The marketplace's wire format: what people do with products, signed in or not."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ingestion.answers import Answer
from ingestion.dialect import Dialect, Endpoint, Operation
from ingestion.dialects._answering import FLAGGED, MAY_NOT, WRONG, Spelling, answer_one, reply
from ingestion.dialects._reading import Fields, begin, check_claim, finish, take_money
from ingestion.event import Event, Incoming
from ingestion.lookups import ANY_PRODUCT, Lookups, Product
from ingestion.rejection import DECODING_ERRORS
from ingestion.request import Request
from ingestion.schema import (
    AMOUNT,
    ANY_OBJECT,
    CURRENCY,
    FLAG,
    ID,
    KEY,
    NUMBERED,
    STRING,
    TEXT,
    TIME,
    exact,
    given_id,
    nullable,
    open_object,
)
from ingestion.verdict import QuarantineError, Reason, Verdict
from warehouse.numbers import number_of

ACTIONS = ("view", "click", "favorite", "unfavorite", "cart_add", "cart_remove")
_COOKIE = "sessionid"
_COOKIE_SECONDS = 14 * 24 * 3600  # as long as Django keeps a session
_SESSION_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SPELLING = Spelling({"entity_id": "product_id", "session_id": "session_key"})


class _Named(msgspec.Struct):
    product_name: str | None = None


class _Found(NamedTuple):
    """What is known of a request before its event is read.

    Attributes:
        product: Its product.
        new_session_key: The session key of a sender who has none.
    """

    product: Product
    new_session_key: str


def _found(request: Request, product: Product = ANY_PRODUCT) -> _Found:
    """Return what was found out of a request; of one that is read again, nothing was."""
    found: _Found | None = request.found
    return found or _Found(product, secrets.token_hex(16))


async def _prepare(raws: Sequence[bytes], request: Request, lookups: Lookups) -> _Found:
    try:
        product_id = Fields.of(raws[0]).identifier("product_id")
    except DECODING_ERRORS:
        product_id = None  # to be told when the event is read
    if product_id is None:
        return _found(request)
    return _found(request, await lookups.product(str(product_id)))


def _decode(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    found = _found(request)
    product_id = fields.needed_identifier("product_id", "the id of the product that it is about")
    action = fields.needed_text("action", f"one of {', '.join(ACTIONS)}")
    if action not in ACTIONS:
        raise QuarantineError(
            "unexpected_value", "action", f"action must be one of: {', '.join(ACTIONS)}"
        )
    incoming = begin(fields, "product", action)
    incoming.entity_id = product_id
    incoming.user_id = fields.identifier("user_id")
    incoming.session_id = fields.identifier("session_key")
    if request.sender.user_id is None and incoming.user_id is None and incoming.session_id is None:
        incoming.session_id = _session_cookie(request) or found.new_session_key
    fields.absorb("metadata")
    price = take_money(fields, incoming)
    context = {"referrer": request.header(b"referer") or None, **fields.contexts()}
    properties = {"product_name": found.product.name, "price": price, **fields.rest()}
    return finish(incoming, context, properties)


def _session_cookie(request: Request) -> str | None:
    key = request.cookie(_COOKIE)
    return key if key is not None and _SESSION_KEY.fullmatch(key) else None


def _check(incoming: Incoming, request: Request) -> None:
    check_claim(incoming, request)
    if not _found(request).product.is_taken:
        raise QuarantineError(
            "unknown_product",
            "product_id",
            "product_id is none of the marketplace's products: correct it, or add the product by "
            "`footfall products import`",
        )


def _taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    found = _found(request)
    sent = msgspec.json.decode(event.properties, type=_Named).product_name
    is_user = event.user_id is not None
    body = {
        "success": True,
        "message": f"Activity tracked: {event.event_type} on "
        f"{found.product.name or sent or event.entity_id}",
        "activity_id": number_of(event.event_id),
        "user_authenticated": is_user,
        "session_key": None if is_user else event.session_id,
    }
    if event.session_id != found.new_session_key:
        return reply(201, body)
    cookie = (
        f"{_COOKIE}={found.new_session_key}; Max-Age={_COOKIE_SECONDS}; Path=/; HttpOnly; "
        f"SameSite=Lax{'; Secure' if request.header(b'x-forwarded-proto') == 'https' else ''}"
    )
    return reply(201, body, {"set-cookie": cookie})


def _dropped(request: Request, reason: Reason) -> Answer:
    body = {
        "success": True,
        "message": f"Activity not tracked: {reason.message}",
        "activity_id": None,
        "user_authenticated": request.sender.user_id is not None,
        "session_key": None,
    }
    return reply(201, body)


DIALECT = Dialect(
    name="marketplace",
    description="Activity tracking of a marketplace.",
    endpoints=(
        Endpoint(
            path="/api/activity/track/",
            decode=_decode,
            answer=answer_one(FLAGGED, _SPELLING, _taken, _dropped),
            is_for_clients=True,
            prepare=_prepare,
            check=_check,
            operation=Operation(
                summary="Track an activity",
                description="Signed in, the token says who. Otherwise the session key says it: "
                "`session_key`, or the cookie `sessionid`; where there is neither, one is made, "
                "answered and set as cookie. Further fields are kept.",
                body=open_object(
                    ("product_id", "action"),
                    product_id=given_id("the product", "7f3e9c52-bottle"),
                    action={"type": "string", "enum": list(ACTIONS)},
                    event_id=KEY,
                    user_id={**ID, "description": "Who; a key of a service may say so."},
                    session_key=ID,
                    product_name=TEXT,
                    quantity=AMOUNT,
                    price={**AMOUNT, "description": "Price of one."},
                    currency=CURRENCY,
                    timestamp=nullable(TIME),
                    metadata=nullable(ANY_OBJECT),
                ),
                example={"product_id": "uuid-here", "action": "view"},
                answer=exact(
                    success=FLAG,
                    message=STRING,
                    activity_id=nullable(NUMBERED),
                    user_authenticated=FLAG,
                    session_key=TEXT,
                ),
                answered="It is stored; where it may not be kept, `activity_id` is null.",
                status=201,
                refusals={
                    400: WRONG,
                    403: MAY_NOT,
                    404: "The product is none of those in `ops.products`; the event is kept aside.",
                },
            ),
        ),
    ),
    refuse=FLAGGED.refuse,
    error=FLAGGED.schema,
    takes_anonymous=True,
)
