"""Everything but the hot paths: health, the catalogue, and the API reference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import asyncpg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from ingestion.answers import RefusedError
from ingestion.openapi import describe_api, describe_event_type

if TYPE_CHECKING:
    from ingestion.app import Ingestion

_PING_SECONDS = 3
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_REFERENCE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footfall ingestion API</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null
});
"""


def build_pages(ingestion: Ingestion) -> Starlette:
    """Return the application for the paths that are not hot."""

    async def live(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        problem = await _postgres_problem(ingestion)
        if problem is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse(
            {"status": "not ready", "reason": problem}, 503, headers={"retry-after": "2"}
        )

    async def health(request: Request) -> Response:
        postgres = await _postgres_problem(ingestion)
        catalogue = ingestion.catalogue.problem
        ingestion.live_settings.current()  # so that its problem is of now
        settings = ingestion.live_settings.problem
        dependencies: dict[str, dict[str, object]] = {
            "postgres": {"status": "healthy" if postgres is None else "unhealthy"},
            "catalogue": {
                "status": "healthy" if catalogue is None else "stale",
                "event_types": len(ingestion.catalogue.current),
            },
            "settings": {"status": "healthy" if settings is None else "stale"},
            "queue": {
                "status": "healthy",
                "events": ingestion.landing.queued_events,
                "bytes": ingestion.landing.queued_bytes,
            },
        }
        problems = {"postgres": postgres, "catalogue": catalogue, "settings": settings}
        for name, problem in problems.items():
            if problem is not None:
                dependencies[name]["reason"] = problem
        is_healthy = postgres is None
        return JSONResponse(
            {"status": "healthy" if is_healthy else "unhealthy", "dependencies": dependencies},
            200 if is_healthy else 503,
        )

    async def catalogue(request: Request) -> Response:
        current = ingestion.catalogue.current
        return JSONResponse({"event_types": [describe_event_type(kind) for kind in current]})

    async def openapi(request: Request) -> Response:
        return JSONResponse(
            describe_api(ingestion.catalogue.current, ingestion.live_settings.current())
        )

    async def reference(request: Request) -> Response:
        return HTMLResponse(_REFERENCE)

    async def start(request: Request) -> Response:
        return Response(_START, media_type="text/javascript")

    def others(methods: Sequence[str]) -> Callable[[Request], Awaitable[Response]]:
        allowed = ", ".join(methods)

        async def refuse(request: Request) -> Response:
            raise HTTPException(405, f"this path takes {allowed} alone", {"allow": allowed})

        return refuse

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/health/", health),
            Route("/v1/catalogue", catalogue),
            Route("/openapi.json", openapi),
            Route("/docs", reference),
            Route("/docs/start.js", start),
            Mount("/docs/assets", StaticFiles(directory=swagger_ui_path)),
            *(
                Route(path, others(methods), methods=_METHODS)
                for path, methods in ingestion.hot_paths.items()
            ),
        ],
        exception_handlers={HTTPException: _say_error},
    )


async def _say_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    answer = RefusedError(
        error.status_code, codes.get(error.status_code, "refused"), error.detail
    ).answer()
    return Response(
        answer.body,
        answer.status,
        headers=dict(error.headers or {}),
        media_type="application/json",
    )


async def _postgres_problem(ingestion: Ingestion) -> str | None:
    """Return why Postgres cannot be used, in words without names or addresses; None: it can."""
    try:
        await asyncio.wait_for(ingestion.ping(), _PING_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return f"Postgres does not answer ({type(error).__name__})"
    return None
