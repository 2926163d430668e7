"""The paths that take no events: the catalogue, health, metrics, and the reference."""

from __future__ import annotations

from ingestion.openapi.answers import ADMIN_TOKEN, answer, error
from ingestion.openapi.endpoints import operation_id
from ingestion.schema import ANY_OBJECT, FLAG, TEXT, Json, whole

_COUNT: Json = {"type": "integer", "minimum": 0}
_STRING: Json = {"type": "string"}
_EVENT_TYPES = whole(
    event_types={
        "type": "array",
        "items": whole(
            category=_STRING,
            event_type=_STRING,
            description=_STRING,
            entity_type=TEXT,
            fields={
                "type": "object",
                "additionalProperties": whole(type=_STRING, required=FLAG, description=_STRING),
            },
            sent_by={"type": "array", "items": _STRING},
            keep_days=_COUNT,
            personal=FLAG,
            example=ANY_OBJECT,
        ),
    }
)


def _state(*states: str, optional: tuple[tuple[str, Json], ...] = (), **fields: Json) -> Json:
    """Return the schema of how something is."""
    schema = whole(status={"type": "string", "enum": list(states)}, **fields)
    schema["properties"] |= {"reason": _STRING, **dict(optional)}
    return schema


_HEALTH = _state(
    "healthy",
    "degraded",
    "unhealthy",
    dependencies=whole(
        postgres=_state(
            "healthy",
            "unhealthy",
            optional=(("latency_ms", {"type": "number", "minimum": 0}),),
        ),
        catalogue=_state("healthy", "stale", event_types=_COUNT),
        settings=_state("healthy", "stale"),
        keys=_state("healthy", "stale", valid=_COUNT),
        tokens=_state("healthy", "stale"),
        geo=_state("healthy", "stale", database=TEXT),
        queue=_state("healthy", "unhealthy", events=_COUNT, bytes=_COUNT),
        spool=_state(
            "healthy",
            "waiting",
            "damaged",
            "unhealthy",
            events=_COUNT,
            bytes=_COUNT,
            max_bytes=_COUNT,
        ),
    ),
)


def _get(path: str, tag: str, summary: str, *answers: tuple[int, Json], **more: object) -> Json:
    return {
        path: {
            "get": {
                "operationId": operation_id("get", path),
                "tags": [tag],
                "summary": summary,
                "security": [],
                "responses": {str(status): described for status, described in answers},
                **more,
            }
        }
    }


def _answers(texts: dict[int, str], schema: Json) -> list[tuple[int, Json]]:
    return [(status, answer(status, text, schema)) for status, text in texts.items()]


PAGES: Json = {
    **_get(
        "/v1/catalogue",
        "catalogue",
        "List the event types",
        *_answers({200: "Every event type."}, _EVENT_TYPES),
    ),
    **_get(
        "/health/live",
        "health",
        "Is the process there",
        *_answers({200: "It is."}, _state("alive")),
    ),
    **_get(
        "/health/ready",
        "health",
        "Are events taken",
        *_answers(
            {
                200: "They are; `spooling` while Postgres is away.",
                503: "Postgres does not answer, and events cannot wait for it.",
            },
            _state("ready", "spooling", "not ready"),
        ),
    ),
    **_get(
        "/health/",
        "health",
        "Health with each dependency",
        *_answers({200: "Events are taken.", 503: "They are not."}, _HEALTH),
    ),
    **_get(
        "/metrics",
        "health",
        "Metrics for Prometheus",
        (
            200,
            answer(200, "The metrics.", _STRING, "text/plain", "application/openmetrics-text"),
        ),
        (401, error(401, "The token is missing or wrong.")),
        (403, error(403, "There is no token that would do: `FOOTFALL_ADMIN_TOKEN` is not set.")),
        security=[{ADMIN_TOKEN: []}],
        description="Programs on the same machine need no token, unless they come by a proxy.",
    ),
    **_get(
        "/openapi.json",
        "reference",
        "This document",
        *_answers({200: "The OpenAPI document."}, ANY_OBJECT),
    ),
    **_get(
        "/docs",
        "reference",
        "This document, to read and to try",
        (200, answer(200, "The page, which loads nothing from elsewhere.", _STRING, "text/html")),
    ),
}
