"""What the ticket platform tracks: five shapes of events, each read into the canonical one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ingestion.dialects._answering import Spelling
from ingestion.dialects._reading import Fields, begin, camel_case, finish
from ingestion.event import Incoming
from ingestion.request import Request
from ingestion.verdict import QuarantineError

_CONTEXT_NAMES = {
    "url": "page_url",
    "page": "page_path",
    "path": "page_path",
    "title": "page_title",
    **{f"campaign_{name}": f"utm_{name}" for name in ("source", "medium", "term", "content")},
    "campaign_name": "utm_campaign",
}


class Shape(NamedTuple):
    """One of the things that can be tracked.

    Attributes:
        name: What it is called in a batch, and at the end of its path.
        title: What an answer calls it.
        read: From its fields to the canonical event.
        marks: Fields of which one tells it from the later ones in a batch.
        spelling: How its sender calls the fields of the canonical event.
        categories: Where its events belong.
    """

    name: str
    title: str
    read: Callable[[Fields, Request], Incoming]
    marks: tuple[str, ...]
    spelling: Spelling
    categories: tuple[str, ...]


def shape_of(fields: Fields) -> Shape:
    """Return which shape an event of a batch has: the one that its ``type`` names, or its fields.

    Raises:
        QuarantineError: It has none.
    """
    kind = fields.choice("type", [*_NAMES])
    if kind is not None:
        return _NAMES[kind]
    for shape in SHAPES:
        if any(mark in fields for mark in shape.marks):
            return shape
    raise QuarantineError(
        "missing_field",
        "type",
        "type is missing, and the fields do not tell what is tracked: send one of "
        f"{', '.join(shape.name for shape in SHAPES)}",
    )


def _begin(fields: Fields, category: str, event_type: str) -> Incoming:
    """Return an event with what every shape may say of who and when."""
    incoming = begin(
        fields, category, event_type, id_name="tracking_id", times=("timestamp", "created_at")
    )
    incoming.user_id = fields.identifier("user_id")
    incoming.session_id = fields.identifier("session_id")
    return incoming


def _finish(
    fields: Fields, incoming: Incoming, request: Request, said: dict[str, str], *ignored: str
) -> Incoming:
    """Return an event of a person with its context and properties.

    Args:
        fields: What is left of the event.
        incoming: The event.
        request: The request, whose referrer is the page that it was sent from.
        said: Properties that the shape settles.
        ignored: Names that are no context in this shape.
    """
    context = {"page_url": fields.text("page_url"), **fields.contexts(*ignored, **_CONTEXT_NAMES)}
    referrer = request.header(b"referer")
    if not (context["page_url"] or "page_path" in context):
        context["page_url"] = referrer or None
    rest = {f"data_{name}" if name in said else name: raw for name, raw in fields.rest().items()}
    return finish(incoming, context, {**rest, **said})


def _about_event(fields: Fields, incoming: Incoming) -> None:
    """Let an event be about the concert, or whatever kind of event, that it names."""
    if "event_id" in fields:
        incoming.entity_type, incoming.entity_id = "event", fields.identifier("event_id")


def _activity(fields: Fields, request: Request) -> Incoming:
    name = fields.needed_text("event_type", "what happened, such as page_view")
    is_known = request.catalogue.find("user", name) is not None
    incoming = _begin(fields, *(("user", name) if is_known else ("analytics", "custom")))
    fields.absorb("event_data")
    _about_event(fields, incoming)
    return _finish(fields, incoming, request, {} if is_known else {"name": name})


def _interaction(fields: Fields, request: Request) -> Incoming:
    event_id = fields.needed_identifier("event_id", "the id of the event that it is about")
    name = fields.needed_text("interaction_type", "what was done, such as view")
    is_known = request.catalogue.find("content", name) is not None
    incoming = _begin(fields, "content", name if is_known else "interaction")
    incoming.entity_type, incoming.entity_id = "event", event_id
    fields.absorb("interaction_data")
    said = {} if is_known else {"interaction_type": name}
    return _finish(fields, incoming, request, said, "platform")  # where it was shared


def _conversion(fields: Fields, request: Request) -> Incoming:
    name = fields.needed_text("conversion_type", "which goal was reached, such as purchase")
    is_known = request.catalogue.find("conversion", name) is not None
    incoming = _begin(fields, "conversion", name if is_known else "custom")
    incoming.value = fields.number("conversion_value")
    fields.absorb("conversion_data")
    incoming.currency = fields.text("currency")
    _about_event(fields, incoming)
    said = {} if is_known else {"name": name}
    for identifier in ("campaign_id", "order_id"):
        if identifier in fields:
            said[identifier] = str(fields.identifier(identifier))
    return _finish(fields, incoming, request, said)


def _performance(fields: Fields, request: Request) -> Incoming:
    incoming = _begin(fields, "system", "api_request")
    incoming.entity_id = fields.needed_text("endpoint", "the path of the endpoint")
    time = fields.number("response_time")
    return finish(incoming, fields.contexts(), {**fields.rest(), "response_time_ms": time})


def _heatmap(fields: Fields, request: Request) -> Incoming:
    incoming = _begin(fields, "page", "heatmap")
    url = fields.needed_text("page_url", "the address of the page")
    incoming.entity_id = url
    return finish(incoming, {**fields.contexts(), "page_url": url}, fields.rest())


# In the order in which they are looked for in a batch.
SHAPES = (
    Shape(
        "conversion",
        "Conversion",
        _conversion,
        ("conversion_type",),
        Spelling(
            {"value": "conversionValue", "entity_id": "eventId"}, "conversionData", camel=True
        ),
        ("conversion",),
    ),
    Shape(
        "event-interaction",
        "Event interaction",
        _interaction,
        ("interaction_type",),
        Spelling({"entity_id": "eventId"}, "interactionData", camel=True),
        ("content",),
    ),
    Shape(
        "activity",
        "Activity",
        _activity,
        ("event_type",),
        Spelling({"entity_id": "eventId"}, "eventData", camel=True),
        ("user", "analytics"),
    ),
    Shape(
        "performance",
        "Performance",
        _performance,
        ("endpoint", "response_time"),
        Spelling(
            {"entity_id": "endpoint", "properties.response_time_ms": "responseTime"}, camel=True
        ),
        ("system",),
    ),
    Shape(
        "heatmap",
        "Heatmap data",
        _heatmap,
        ("page_url", "element_selector"),
        Spelling({"entity_id": "pageUrl"}, camel=True),
        ("page",),
    ),
)
_NAMES = {
    spelt: shape
    for shape in SHAPES
    for snake in [shape.name.replace("-", "_")]
    for spelt in (shape.name, snake, camel_case(snake))
}
