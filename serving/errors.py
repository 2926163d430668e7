"""What a client is told when a request cannot be answered.

Every error of the API is ``{"error": {"code": …, "field": …, "message": …}}``; the message says
what is wrong and how to mend it.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from serving.database import DatabaseAwayError, NotBuiltError

log = logging.getLogger(__name__)
RETRY_SECONDS = "5"


class InvalidParameterError(ValueError):
    """A query parameter cannot be used.

    Args:
        field: Its name.
        message: What is wrong and how to mend it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def problem(
    status: HTTPStatus,
    code: str,
    message: str,
    *,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an error as the API spells it."""
    body = {"error": {"code": code, "field": field, "message": message}}
    return JSONResponse(body, status, headers)


def unauthorized() -> Response:
    """Return the answer to a request without a valid token."""
    return problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "Send the read token as `Authorization: Bearer <token>`; it is FOOTFALL_READ_TOKEN.",
        headers={"WWW-Authenticate": 'Bearer realm="footfall"'},
    )


async def _invalid_parameter(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidParameterError)
    return problem(HTTPStatus.BAD_REQUEST, "invalid_parameter", error.message, field=error.field)


async def _not_built(_: Request, __: Exception) -> Response:
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not_built",
        "This mart has not been built yet; the first run of its domain builds it.",
    )


async def _database_away(_: Request, error: Exception) -> Response:
    log.warning("the warehouse does not answer: %s", error)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database_away",
        "The warehouse does not answer now. Try again in a few seconds.",
        headers={"Retry-After": RETRY_SECONDS},
    )


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers) if error.headers else None
    return problem(status, status.name.lower(), error.detail or status.phrase, headers=headers)


HANDLERS = {
    InvalidParameterError: _invalid_parameter,
    NotBuiltError: _not_built,
    DatabaseAwayError: _database_away,
    HTTPException: _http_error,
}
