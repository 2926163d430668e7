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
    "RateLimitLimit": {
        "description": "Most that is allowed in a minute; absent where there is no limit.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimitRemaining": {
        "description": "What is left of that.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimitReset": {
        "description": "Seconds after which all of it is there again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimitPolicy": {
        "description": "What is allowed in which time, in seconds.",
        "schema": {"type": "string", "example": "600;w=60"},
    },
    "AcceptEncoding": {
        "description": "Which encodings are understood.",
        "required": True,
        "schema": {"type": "string"},
    },
}
_RATE_LIMIT: Json = {
    "RateLimit-Limit": "RateLimitLimit",
    "RateLimit-Remaining": "RateLimitRemaining",
    "RateLimit-Reset": "RateLimitReset",
    "RateLimit-Policy": "RateLimitPolicy",
}
_HEADERS_OF = {
    401: {"WWW-Authenticate": "Challenge"},
    415: {"Accept-Encoding": "AcceptEncoding"},
    429: {"Retry-After": "RetryAfter", **_RATE_LIMIT},
    503: {"Retry-After": "RetryAfter"},
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
    headers |= {name: _header(header) for name, header in _HEADERS_OF.get(status, {}).items()}
    described: Json = {"description": text, "headers": headers}
    if schema is not None:
        described["content"] = {name: {"schema": schema} for name in media_types or (JSON,)}
    return described


def limited(described: Json) -> Json:
    """Return an answer of an endpoint that takes events, which tells how many more it takes."""
    headers = {name: _header(header) for name, header in _RATE_LIMIT.items()}
    return {**described, "headers": {**described["headers"], **headers}}


def error(status: int, text: str) -> Json:
    """Return a refusal in Footfall's own words."""
    return answer(status, text, ref("Error"))


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}
