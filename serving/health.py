"""Whether serving is alive, and whether it can answer."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from serving.database import Database, DatabaseAwayError

SECONDS_TO_ANSWER = 3


async def live(_: Request) -> Response:
    """Answer that the process runs, whatever the database does."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Answer 200 where the warehouse answers, else 503."""
    database: Database = request.app.state.database
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            await database.fetch("select 1")
    except (DatabaseAwayError, TimeoutError):
        return JSONResponse(
            {"status": "unavailable", "checks": {"database": "away"}},
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
    return JSONResponse({"status": "ready", "checks": {"database": "ok"}})
