"""The endpoints that take events, from the dialects."""

from __future__ import annotations

import re

from ingestion.dialect import Dialect, Endpoint, Operation
from ingestion.dialects import DIALECTS
from ingestion.openapi.answers import ADMIN_TOKEN, JSON, TOKEN, WRITE_KEY, answer, limited
from ingestion.schema import Json
from warehouse.settings import Settings
from warehouse.tokens import ADMIN


def describe_endpoints(settings: Settings) -> Json:
    """Return the operations of all dialects, by path and method."""
    paths: Json = {}
    for dialect in DIALECTS:
        for endpoint in dialect.endpoints:
            operations = paths.setdefault(endpoint.path, {})
            operations[endpoint.method.lower()] = _describe(dialect, endpoint, settings)
    return paths


def operation_id(method: str, path: str) -> str:
    """Return the name under which client generators know an operation."""
    return re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_")


def _describe(dialect: Dialect, endpoint: Endpoint, settings: Settings) -> Json:
    operation = endpoint.operation
    described: Json = {
        "operationId": operation_id(endpoint.method, endpoint.path),
        "tags": [dialect.name],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_path_parameter(name, text) for name, text in operation.parameters.items()],
        **_request_body(operation),
        "responses": {
            str(operation.status): limited(
                answer(operation.status, operation.answered, operation.answer)
            ),
            **{
                str(status): answer(status, text, dialect.error)
                for status, text in _refusals(operation, settings).items()
            },
        },
    }
    if endpoint.role == ADMIN:
        described["security"] = [{TOKEN: []}, {ADMIN_TOKEN: []}]
    elif dialect.takes_anonymous and settings.anonymous_source is not None:
        described["security"] = [{WRITE_KEY: []}, {TOKEN: []}, {}]
    return described


def _refusals(operation: Operation, settings: Settings) -> dict[int, str]:
    return {
        400: "No event can be told apart: the body is not JSON, not gzip, or incomplete.",
        401: "The write key or token is missing, or not valid; the message says why.",
        403: "The sender may not send this, or pages of this origin may not send so.",
        408: f"The body did not arrive within {settings.body_timeout_seconds:g} seconds.",
        413: f"The body has more than {settings.max_body_bytes:,} bytes, or more than "
        f"{settings.max_batch_events:,} events.",
        415: "The body is compressed in a way that is not understood.",
        429: "More than a rate limit allows. Nothing was taken; send the request again after "
        "Retry-After seconds.",
        500: "Ingestion failed. Nothing is acknowledged; send the request again.",
        503: "Too much is waiting, or Postgres is away and no more events can wait for it. Nothing "
        "was stored; send the request again after Retry-After seconds.",
        **operation.refusals,
    }


def _path_parameter(name: str, text: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string", "minLength": 1},
    }


def _request_body(operation: Operation) -> Json:
    if operation.body is None:
        return {}
    content = {JSON: {"schema": operation.body, "example": operation.example}}
    for media_type, schema in operation.other_bodies.items():
        content[media_type] = {"schema": schema}
    return {"requestBody": {"required": True, "content": content}}
