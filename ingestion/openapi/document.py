"""The OpenAPI document as a whole."""

from __future__ import annotations

from ingestion.catalogue import Catalogue
from ingestion.dialects import DIALECTS
from ingestion.openapi.answers import ADMIN_TOKEN, HEADERS, TOKEN, WRITE_KEY
from ingestion.openapi.endpoints import describe_endpoints
from ingestion.openapi.event_types import event_schemas
from ingestion.openapi.pages import PAGES
from ingestion.schema import Json, nullable, ref, whole
from warehouse.settings import Settings

_STRING: Json = {"type": "string"}


def describe_api(catalogue: Catalogue, settings: Settings) -> Json:
    """Return the OpenAPI document of the API as it is set up now.

    Args:
        catalogue: The event types.
        settings: The limits.
    """
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Footfall ingestion",
            "version": "1",
            "description": _description(settings),
        },
        "servers": [{"url": "/"}],
        "security": [{WRITE_KEY: []}, {TOKEN: []}],
        "tags": [
            *({"name": dialect.name, "description": dialect.description} for dialect in DIALECTS),
            {"name": "catalogue", "description": "What an event may look like."},
            {"name": "health", "description": "How ingestion is."},
            {"name": "reference", "description": "This document."},
        ],
        "paths": {**describe_endpoints(settings), **PAGES},
        "components": {
            "securitySchemes": {
                WRITE_KEY: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A write key, which says whose events they are. A key for web "
                    "pages, which has origins, may also come as `X-Write-Key: <key>`, or as "
                    "`?key=<key>` in the address.",
                },
                TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of a service, with the role `ingest`; or of a "
                    "signed-in person, who sends events of its own alone.",
                },
                ADMIN_TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`FOOTFALL_ADMIN_TOKEN`.",
                },
            },
            "headers": HEADERS,
            "schemas": {**event_schemas(catalogue, settings), **_answer_schemas()},
        },
    }


def _description(settings: Settings) -> str:
    return (
        "Events in, a verdict for each out. A 2xx means safe: an event that is `stored` is in the "
        "warehouse or, with the reason `spooled`, on disk until Postgres is back; one that is "
        "`duplicate` was there already, one that is `quarantined` is kept aside with the reason, "
        "and one that is `suppressed` may not be kept. Sending the same event again is always "
        "safe: each id counts once, for ever.\n\n"
        f"At most {settings.max_body_bytes:,} bytes and {settings.max_batch_events:,} events in a "
        f"request; at most {settings.max_event_bytes:,} bytes, {settings.max_depth} levels of "
        f"nesting and {settings.max_string_length:,} characters of any text in an event; ids have "
        "limits of their own. Bodies may be compressed: `Content-Encoding: gzip`.\n\n"
        "Every answer carries `X-Request-Id`: your own where you send one (at most 64 letters, "
        "digits, `.`, `_` and `-`), else the trace id of a `traceparent`, else a new one. The log "
        "names it too.\n\n"
        "Every path answers OPTIONS with the methods that it takes, and other methods with 405; "
        "both say so in `Allow`. HEAD is GET without a body."
    )


def _answer_schemas() -> Json:
    return {
        "Reason": nullable(
            whole(
                code={"type": "string", "example": "missing_field"},
                field={"type": "string", "nullable": True, "example": "entity_id"},
                message=_STRING,
            )
        ),
        "Verdict": whole(
            event_id={"type": "string", "format": "uuid", "nullable": True},
            status={"type": "string", "enum": ["stored", "duplicate", "quarantined", "suppressed"]},
            reason=ref("Reason"),
        ),
        "Verdicts": whole(results={"type": "array", "items": ref("Verdict")}),
        "Error": whole(error=whole(code=_STRING, message=_STRING)),
    }
