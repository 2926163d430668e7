"""The OpenAPI document, from the catalogue and the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingestion.catalogue import Catalogue, EventType
from ingestion.dialect import Dialect, Endpoint, Operation
from ingestion.dialects import DIALECTS
from ingestion.limits import MAX_ENTITY_ID_BYTES, MAX_ID_BYTES
from ingestion.plan import CONTEXT_FIELDS, FieldSpec
from ingestion.schema import AMOUNT, ID, Json, ref, whole
from warehouse.bounds import LARGEST_NUMBER
from warehouse.settings import Settings

_CANONICAL: dict[str, Json] = {
    "event_id": {
        **ID,
        "description": "Idempotency key, a UUID at best. Other text becomes a UUID of its own; "
        "nothing: a new one.",
    },
    "user_id": {**ID, "description": f"Who, once signed in; at most {MAX_ID_BYTES} bytes."},
    "anonymous_id": {
        **ID,
        "description": f"Who, before signing in: device or browser; at most {MAX_ID_BYTES} bytes.",
    },
    "session_id": {**ID, "description": f"Visit; at most {MAX_ID_BYTES} bytes."},
    "entity_type": {
        "type": "string",
        "nullable": True,
        "description": f"Kind of thing that it happened to; at most {MAX_ID_BYTES} bytes.",
    },
    "entity_id": {
        **ID,
        "description": f"Which thing it happened to; at most {MAX_ENTITY_ID_BYTES} bytes.",
    },
    "value": {**AMOUNT, "description": "Money of the whole event, or the value of a metric."},
    "currency": {
        "type": "string",
        "nullable": True,
        "pattern": "^[A-Za-z]{3}$",
        "description": "ISO 4217 code of value.",
    },
    "quantity": {**AMOUNT, "description": "How many."},
    "occurred_at": {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}],
        "nullable": True,
        "description": "When it happened: RFC 3339 (without a zone: UTC), or seconds or "
        "milliseconds since 1970; nothing: when it was received.",
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
        "fields": {path: _field(field) for path, field in kind.fields.items()},
        "sent_by": spec.sent_by,
        "keep_days": spec.keep_days,
        "personal": spec.personal,
        "example": example(kind),
    }


def example(kind: EventType) -> Json:
    """Return a valid event of a type, as it would be sent."""
    return {"category": kind.category, "event_type": kind.name, **kind.spec.example}


def describe_api(catalogue: Catalogue, settings: Settings) -> Json:
    """Return the OpenAPI 3.0 document of the API as it is set up now."""
    names = [_schema_name(kind) for kind in catalogue]
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Footfall ingestion",
            "version": "1",
            "description": "Events in, a verdict for each out. A 200 means committed: an event "
            "that is `stored` is in the warehouse, one that is `duplicate` was there already, one "
            "that is `quarantined` is kept aside with the reason. Sending the same event again is "
            "always safe.",
        },
        "servers": [{"url": "/"}],
        "security": [{"writeKey": []}],
        "tags": [
            *({"name": dialect.name, "description": dialect.description} for dialect in DIALECTS),
            {"name": "catalogue"},
            {"name": "health"},
        ],
        "paths": {
            **_event_paths(settings),
            "/v1/catalogue": {
                "get": _get("catalogue", "List the event types", {"200": "Every event type."})
            },
            "/health/live": {"get": _get("health", "Is the process there", {"200": "It is."})},
            "/health/ready": {
                "get": _get(
                    "health",
                    "Can events be landed",
                    {"200": "They can.", "503": "Postgres does not answer."},
                )
            },
            "/health/": {
                "get": _get(
                    "health",
                    "Health with each dependency",
                    {"200": "All is well.", "503": "A dependency is not there."},
                )
            },
        },
        "components": {
            "securitySchemes": {"writeKey": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Event": {"oneOf": [ref(name) for name in names]},
                "Events": {
                    "oneOf": [
                        ref("Event"),
                        {"type": "array", "items": ref("Event")},
                        whole(events={"type": "array", "items": ref("Event")}),
                    ]
                },
                **{_schema_name(kind): _event_schema(kind) for kind in catalogue},
                "Context": {
                    "type": "object",
                    "nullable": True,
                    "properties": {
                        name: {"type": "string", "nullable": True} for name in CONTEXT_FIELDS
                    },
                },
                "Reason": whole(
                    code={"type": "string", "example": "missing_field"},
                    field={"type": "string", "nullable": True, "example": "entity_id"},
                    message={"type": "string"},
                ),
                "Verdict": whole(
                    event_id={"type": "string", "format": "uuid", "nullable": True},
                    status={
                        "type": "string",
                        "enum": ["stored", "duplicate", "quarantined", "suppressed"],
                    },
                    reason={"allOf": [ref("Reason")], "nullable": True},
                ),
                "Verdicts": whole(results={"type": "array", "items": ref("Verdict")}),
                "Error": whole(error=whole(code={"type": "string"}, message={"type": "string"})),
            },
        },
    }


def _event_paths(settings: Settings) -> Json:
    paths: Json = {}
    for dialect in DIALECTS:
        for endpoint in dialect.endpoints:
            operations = paths.setdefault(endpoint.path, {})
            operations[endpoint.method.lower()] = _operation(dialect, endpoint, settings)
    return paths


def _operation(dialect: Dialect, endpoint: Endpoint, settings: Settings) -> Json:
    operation = endpoint.operation
    refusals = {
        400: "No event can be told apart: the body is not JSON, not gzip, or incomplete.",
        401: "The write key or token is missing, unknown or revoked.",
        413: f"The body has more than {settings.max_body_bytes} bytes, or more than "
        f"{settings.max_batch_events} events.",
        415: "The body is compressed in a way that is not understood.",
        500: "Ingestion failed. Nothing is acknowledged; send the request again.",
        503: "Too much is waiting. Nothing was stored; send the request again after Retry-After "
        "seconds.",
        **operation.refusals,
    }
    return {
        "tags": [dialect.name],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": text,
                "schema": {"type": "string", "minLength": 1},
            }
            for name, text in operation.parameters.items()
        ],
        **_request_body(operation),
        "responses": {
            str(operation.status): _response(operation.answered, operation.answer),
            **{str(status): _response(text, dialect.error) for status, text in refusals.items()},
        },
    }


def _request_body(operation: Operation) -> Json:
    if operation.body is None:
        return {}
    content = {"application/json": {"schema": operation.body, "example": operation.example}}
    return {"requestBody": {"required": True, "content": content}}


def _get(tag: str, summary: str, responses: Mapping[str, str]) -> Json:
    return {
        "tags": [tag],
        "summary": summary,
        "security": [],
        "responses": {
            status: {
                "description": text,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
            for status, text in responses.items()
        },
    }


def _response(text: str, schema: Json | None) -> Json:
    if schema is None:
        return {"description": text}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _event_schema(kind: EventType) -> Json:
    own = {
        path: {**_CANONICAL[path], **_restriction(spec)}
        for path, spec in kind.fields.items()
        if "." not in path
    }
    if kind.entity_type is not None:
        own["entity_type"] = {"type": "string", "enum": [kind.entity_type]}
    properties = {
        "category": {"type": "string", "enum": [kind.category]},
        "event_type": {"type": "string", "enum": [kind.name]},
        **_CANONICAL,
        **own,
        "context": {"allOf": [ref("Context")]},
        "properties": _group(kind.fields, "properties"),
    }
    context = _group(kind.fields, "context")
    if context["properties"]:
        properties["context"]["allOf"].append(context)
    required = ["category", "event_type", *_required(kind.fields.items(), "")]
    required += [name for name in ("context", "properties") if properties[name].get("required")]
    return {
        "type": "object",
        "description": kind.spec.description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "example": example(kind),
    }


def _group(fields: Mapping[str, FieldSpec], group: str) -> Json:
    prefix = f"{group}."
    schema: Json = {
        "type": "object",
        "properties": {
            path.removeprefix(prefix): {**_field_schema(spec), "nullable": not spec.required}
            for path, spec in fields.items()
            if path.startswith(prefix)
        },
    }
    required = _required(fields.items(), prefix)
    return {**schema, "required": required} if required else schema


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
    return schema


def _restriction(spec: FieldSpec) -> Json:
    text = spec.description + (f", in {spec.unit}" if spec.unit else "")
    given = {
        "description": text,
        "enum": spec.allowed,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "example": spec.example,
    }
    return {name: value for name, value in given.items() if value is not None}


def _field(spec: FieldSpec) -> Json:
    given = {
        "type": spec.type,
        "required": spec.required,
        "description": spec.description,
        "unit": spec.unit,
        "allowed": spec.allowed,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "example": spec.example,
    }
    return {name: value for name, value in given.items() if value is not None}


def _schema_name(kind: EventType) -> str:
    return f"{kind.category}.{kind.name}"
