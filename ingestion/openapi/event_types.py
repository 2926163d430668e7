"""The event types: their JSON schemas, and how the catalogue lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingestion.catalogue import Catalogue, EventType
from ingestion.consent import CONSENTS
from ingestion.limits import MAX_ENTITY_ID_BYTES, MAX_ID_BYTES
from ingestion.plan import CONTEXT_FIELDS, FieldSpec
from ingestion.schema import (
    ANY_OBJECT,
    CURRENCY,
    DECIMAL,
    IDENTIFIER,
    SNAKE_NAME,
    TEXT,
    TIME,
    Json,
    nullable,
    ref,
    whole,
)
from warehouse.bounds import LARGEST_NUMBER
from warehouse.settings import Settings

_STRING: Json = {"type": "string"}
# What each field of an event itself may hold where it holds something, and what it means.
_CANONICAL: dict[str, tuple[Json, str]] = {
    "event_id": (
        IDENTIFIER,
        "Idempotency key, a UUID at best. Other text becomes a UUID of its own; nothing: a new "
        "one.",
    ),
    "user_id": (IDENTIFIER, f"Who, once signed in; at most {MAX_ID_BYTES} bytes."),
    "anonymous_id": (
        IDENTIFIER,
        f"Who, before signing in: device or browser; at most {MAX_ID_BYTES} bytes.",
    ),
    "session_id": (IDENTIFIER, f"Visit; at most {MAX_ID_BYTES} bytes."),
    "entity_type": (_STRING, f"Kind of thing that it happened to; at most {MAX_ID_BYTES} bytes."),
    "entity_id": (
        IDENTIFIER,
        f"Which thing it happened to; at most {MAX_ENTITY_ID_BYTES:,} bytes.",
    ),
    "value": (DECIMAL, "Money of the whole event, or the value of a metric."),
    "currency": (CURRENCY, "ISO 4217 code of value."),
    "quantity": (DECIMAL, "How many."),
    "occurred_at": (
        TIME,
        "When it happened: RFC 3339 (without a zone: UTC), or seconds or milliseconds since 1970, "
        "not before 1990; nothing: when it was received.",
    ),
    "consent": (
        {"type": "string", "enum": [*CONSENTS]},
        "What the person has said to being tracked; nothing: it is not known.",
    ),
}


def event_schemas(catalogue: Catalogue, settings: Settings) -> Json:
    """Return the schemas of events, by name.

    Args:
        catalogue: The event types.
        settings: Whether event types outside the catalogue are taken.
    """
    schemas = {f"{kind.category}.{kind.name}": _event_schema(kind) for kind in catalogue}
    kinds = [ref(name) for name in schemas]
    if settings.unknown_events == "custom":
        schemas["custom"] = _custom_schema()
        kinds = [*kinds, ref("custom")]
    event = ref("Event")
    return {
        "Event": {"anyOf": kinds},
        "Events": {
            "oneOf": [
                event,
                {"type": "array", "items": event},
                whole(events={"type": "array", "items": event}),
            ]
        },
        **schemas,
        "Context": {
            "type": "object",
            "nullable": True,
            "description": "Where it happened. What is not listed is kept as it is.",
            "properties": dict.fromkeys(CONTEXT_FIELDS, TEXT),
        },
    }


def describe_event_type(kind: EventType) -> Json:
    """Return an event type as ``GET /v1/catalogue`` lists it."""
    spec = kind.spec
    return {
        "category": kind.category,
        "event_type": kind.name,
        "description": spec.description,
        "entity_type": kind.entity_type,
        "fields": {path: _listed(field) for path, field in kind.fields.items()},
        "sent_by": spec.sent_by,
        "keep_days": spec.keep_days,
        "personal": spec.personal,
        "example": example(kind),
    }


def example(kind: EventType) -> Json:
    """Return a valid event of a type, as it would be sent."""
    return {"category": kind.category, "event_type": kind.name, **kind.spec.example}


def _event_schema(kind: EventType) -> Json:
    properties: Json = {
        "category": {"type": "string", "enum": [kind.category]},
        "event_type": {"type": "string", "enum": [kind.name]},
        **{name: _own_field(name, kind.fields.get(name)) for name in _CANONICAL},
        "context": ref("Context"),
        "properties": _group(kind.fields, "properties"),
    }
    if kind.entity_type is not None:
        properties["entity_type"] = nullable({"type": "string", "enum": [kind.entity_type]})
    context = _group(kind.fields, "context")
    if context["properties"]:
        properties["context"] = {"allOf": [ref("Context"), context]}
    required = ["category", "event_type", *_required(kind.fields.items(), "")]
    required += [
        group for group in ("context", "properties") if _required(kind.fields.items(), f"{group}.")
    ]
    return {
        "type": "object",
        "description": kind.spec.description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "example": example(kind),
    }


def _custom_schema() -> Json:
    """Return the schema of events that the catalogue does not know."""
    return {
        "type": "object",
        "description": "An event that is not in the catalogue, which is stored as given.",
        "properties": {
            "category": SNAKE_NAME,
            "event_type": SNAKE_NAME,
            **{name: _own_field(name, None) for name in _CANONICAL},
            "context": ref("Context"),
            "properties": nullable(ANY_OBJECT),
        },
        "required": ["category", "event_type"],
        "additionalProperties": False,
    }


def _own_field(name: str, spec: FieldSpec | None) -> Json:
    """Return the schema of one of an event's own fields."""
    schema, meaning = _CANONICAL[name]
    schema = {**schema, "description": meaning}
    if spec is None:
        return nullable(schema)
    schema |= _restriction(spec)
    if not spec.required:
        return nullable(schema)
    if "anyOf" in schema:
        return {**schema, "anyOf": [_not_empty(one) for one in schema["anyOf"]]}
    return _not_empty(schema)


def _not_empty(schema: Json) -> Json:
    is_free_text = schema["type"] == "string" and not schema.keys() & {"enum", "pattern", "format"}
    return {**schema, "minLength": 1} if is_free_text else schema


def _group(fields: Mapping[str, FieldSpec], group: str) -> Json:
    """Return the schema of the context or the properties, as far as an event type says."""
    prefix = f"{group}."
    schema: Json = {
        "type": "object",
        "properties": {
            path.removeprefix(prefix): _field_schema(spec)
            for path, spec in fields.items()
            if path.startswith(prefix)
        },
    }
    required = _required(fields.items(), prefix)
    return {**schema, "required": required} if required else nullable(schema)


def _required(fields: Iterable[tuple[str, FieldSpec]], prefix: str) -> list[str]:
    return [
        path.removeprefix(prefix)
        for path, spec in fields
        if spec.required and (path.startswith(prefix) if prefix else "." not in path)
    ]


def _field_schema(spec: FieldSpec) -> Json:
    schema = {"type": spec.type, **_restriction(spec)}
    if spec.type in ("integer", "number"):
        schema = {"minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER, **schema}
    return schema if spec.required else nullable(schema)


def _restriction(spec: FieldSpec) -> Json:
    text = spec.description + (f", in {spec.unit}" if spec.unit else "")
    return {"description": text, **_given(spec, allowed="enum")}


def _listed(spec: FieldSpec) -> Json:
    unit = {"unit": spec.unit} if spec.unit is not None else {}
    return {
        "type": spec.type,
        "required": spec.required,
        "description": spec.description,
        **unit,
        **_given(spec, allowed="allowed"),
    }


def _given(spec: FieldSpec, *, allowed: str) -> Json:
    given = {
        allowed: spec.allowed,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "example": spec.example,
    }
    return {name: value for name, value in given.items() if value is not None}
