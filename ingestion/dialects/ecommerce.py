"""The e-commerce platform's wire format: what its services and pages tell of users and orders."""

from __future__ import annotations

from ingestion.answers import Answer
from ingestion.dialect import Dialect, Endpoint, Operation, Outcome
from ingestion.dialects._answering import MAY_NOT, REST, WRONG, Spelling, answer_one, reply
from ingestion.dialects._reading import Fields, begin, finish, take_money
from ingestion.event import Event, Incoming
from ingestion.request import Request
from ingestion.schema import (
    AMOUNT,
    ANY_OBJECT,
    COUNT,
    CURRENCY,
    FLAG,
    ID,
    KEY,
    SNAKE_NAME,
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

CATEGORIES = ("user", "product", "order", "recommendation")
# The sums under which carts and orders are told, the most telling first.
_TOTALS = ("order_total", "cart_total", "total")


def _decode(raw: bytes, request: Request) -> Incoming:
    fields = Fields.of(raw)
    categories = ", ".join(CATEGORIES)
    category = fields.needed_text("category", f"one of {categories}")
    if category not in CATEGORIES:
        raise QuarantineError(
            "unexpected_value", "category", f"category must be one of: {categories}"
        )
    event_type = fields.needed_text("event_type", "what happened, such as view")
    incoming = begin(fields, category, event_type)
    own = {"ip": fields.text("ip_address"), "user_agent": fields.text("user_agent")}
    fields.absorb("data")
    incoming.user_id = fields.identifier("user_id")
    incoming.session_id = fields.identifier("session_id")
    context = {**fields.contexts(), **{name: text for name, text in own.items() if text}}
    return finish(incoming, context, {**_subject(fields, incoming), **fields.rest()})


def _subject(fields: Fields, incoming: Incoming) -> dict[str, object]:
    """Fill in what an event is about and worth, and return the properties that come of it."""
    # not the event's own category, which has been taken
    properties: dict[str, object] = {"product_category": fields.text("category")}
    if incoming.category == "order":
        incoming.entity_id = fields.needed_identifier("order_id", "the order's id")
    else:
        properties["order_id"] = _as_text(fields.identifier("order_id"))
    if incoming.category == "product":
        incoming.entity_id = fields.needed_identifier("product_id", "the product's id")
    elif incoming.category == "user" and "product_id" in fields:
        incoming.entity_type, incoming.entity_id = "product", fields.identifier("product_id")
    else:
        properties["product_id"] = _as_text(fields.identifier("product_id"))
    properties["price"] = take_money(fields, incoming)
    if incoming.category in ("user", "order"):
        total = next((fields.number(name) for name in _TOTALS if name in fields), None)
        incoming.value = incoming.value if total is None else total
    return properties


def _as_text(identifier: str | int | None) -> str | None:
    return None if identifier is None else str(identifier)


def _taken(request: Request, event: Event, verdict: Verdict) -> Answer:
    body = {
        "success": True,
        "status": verdict.status,
        "message": "Event processed successfully",
        "event_id": event.event_id,
    }
    return reply(201, body)


def _dropped(request: Request, reason: Reason) -> Answer:
    body = {
        "success": True,
        "status": "suppressed",
        "message": f"Event not tracked: {reason.message}",
        "event_id": None,
    }
    return reply(201, body)


_ANSWERS = {
    category: answer_one(REST, Spelling(names, properties="data"), _taken, _dropped)
    for category, names in {
        "user": {"entity_id": "data.product_id", "value": "data.price"},
        "product": {"entity_id": "product_id", "value": "price", "properties.price": "price"},
        "order": {
            "entity_id": "order_id",
            "value": "order_total",
            "properties.items_count": "items_count",
            "properties.payment_method": "payment_method",
        },
    }.items()
}


def _answer(outcome: Outcome) -> Answer:
    category = getattr(outcome.items[0], "category", None)
    return _ANSWERS.get(category or "", _ANSWERS["user"])(outcome)


_NEEDED = {"product": "product_id", "order": "order_id"}
_ORDER: dict[str, Json] = {
    "order_id": given_id("the order", "o-501"),
    "order_total": AMOUNT,
    "items_count": nullable(COUNT),
    "payment_method": TEXT,
}
_OWN: dict[str, dict[str, Json]] = {
    "product": {"product_id": given_id("the product", "1003461")},
    "order": _ORDER,
}


def _body(category: str) -> Json:
    """Return the schema of the events of a category."""
    needed = _NEEDED.get(category)
    return open_object(
        ("category", "event_type", *([needed] if needed else [])),
        category={"type": "string", "enum": [category]},
        event_type={**SNAKE_NAME, "example": "page_view"},
        event_id=KEY,
        user_id=ID,
        session_id=ID,
        **_OWN.get(category, {}),
        quantity=AMOUNT,
        price={**AMOUNT, "description": "Price of one."},
        currency=CURRENCY,
        timestamp=nullable(TIME),
        ip_address=TEXT,
        user_agent=TEXT,
        data=nullable(ANY_OBJECT),
    )


DIALECT = Dialect(
    name="ecommerce",
    description="Data collection of an e-commerce platform.",
    endpoints=(
        Endpoint(
            path="/api/v1/core/collect/",
            decode=_decode,
            answer=_answer,
            operation=Operation(
                summary="Collect an event",
                description="Categories: `user`, `product`, `order` and `recommendation`, each "
                "with the event types that the catalogue lists. What stands in `data` counts as "
                "if it stood in the event.",
                body={"oneOf": [_body(category) for category in CATEGORIES]},
                example={
                    "category": "user",
                    "event_type": "page_view",
                    "user_id": "user123",
                    "session_id": "session456",
                    "data": {
                        "page_url": "/products/123",
                        "page_title": "Eco-Friendly Water Bottle",
                    },
                    "ip_address": "192.168.1.1",
                    "user_agent": "Mozilla/5.0...",
                },
                answer=exact(
                    success=FLAG,
                    status={"type": "string", "enum": ["stored", "duplicate", "suppressed"]},
                    message=STRING,
                    event_id=nullable(UUID),
                ),
                answered="It is stored; where it may not be kept, `event_id` is null.",
                status=201,
                refusals={
                    400: WRONG,
                    403: MAY_NOT,
                },
            ),
        ),
    ),
    refuse=REST.refuse,
    error=REST.schema,
)
