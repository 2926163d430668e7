"""Answers as the OpenAPI document has them: content, and the headers that come with a status."""

from __future__ import annotations

from ingestion.schema import Json, ref

WRITE_KEY = "writeKey"
TOKEN = "token"  # noqa: S105
ADMIN_TOKEN = "adminToken"  # noqa: S105
JSON = "application/json"

HEADERS: Json = {
    "RequestId": {
        "description": "The request's name in the log.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RetryAfter": {
        "description": "Seconds to wait before the request is sent again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Challenge": {
        "description": "What is asked for.",
        "required": True,
        "schema": {"type": "string", "pattern": '^Bearer realm="footfall"'},
    },
    "AcceptEncoding": {
        "description": "Which encodings are understood.",
        "required": True,
        "schema": {"type": "string"},
    },
}
_HEADERS_OF = {
    401: ("WWW-Authenticate", "Challenge"),
    415: ("Accept-Encoding", "AcceptEncoding"),
    503: ("Retry-After", "RetryAfter"),
}


def answer(status: int, text: str, schema: Json | None, *media_types: str) -> Json:
    """Return an answer.

    Args:
        status: HTTP status.
        text: What it means.
        schema: Of its content; None where it has none.
        media_types: Of its content; none: JSON.
    """
    headers = {"X-Request-Id": _header("RequestId")}
    if status in _HEADERS_OF:
        name, header = _HEADERS_OF[status]
        headers[name] = _header(header)
    described: Json = {"description": text, "headers": headers}
    if schema is not None:
        described["content"] = {name: {"schema": schema} for name in media_types or (JSON,)}
    return described


def error(status: int, text: str) -> Json:
    """Return a refusal in Footfall's own words."""
    return answer(status, text, ref("Error"))


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}
