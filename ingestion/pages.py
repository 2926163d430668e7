"""Everything but the hot paths: health, metrics, the catalogue, and the API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from ingestion.answers import RefusedError
from ingestion.health import UNHEALTHY, health, postgres_health
from ingestion.observers import check_observer
from ingestion.openapi import describe_api, describe_event_type
from ingestion.strays import OtherMethods, Strays

if TYPE_CHECKING:
    from ingestion.app import Ingestion

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
        postgres = await postgres_health(ingestion)
        if postgres["status"] != UNHEALTHY:
            return JSONResponse({"status": "ready"})
        if ingestion.can_spool:
            return JSONResponse({"status": "spooling", "reason": postgres["reason"]})
        content = {"status": "not ready", "reason": postgres["reason"]}
        return JSONResponse(content, 503, {"retry-after": "2"})

    async def health_of_all(request: Request) -> Response:
        state = await health(ingestion)
        return JSONResponse(state, 503 if state["status"] == UNHEALTHY else 200)

    async def metrics(request: Request) -> Response:
        check_observer(request, ingestion.live_settings.current())
        await postgres_health(ingestion)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        text = encode(ingestion.metrics.registry)
        return Response(text, headers={"content-type": content_type})

    async def catalogue(request: Request) -> Response:
        current = ingestion.catalogue.current
        return JSONResponse({"event_types": [describe_event_type(kind) for kind in current]})

    async def openapi(request: Request) -> Response:
        settings = ingestion.live_settings.current()
        return JSONResponse(describe_api(ingestion.catalogue.current, settings))

    async def reference(request: Request) -> Response:
        return HTMLResponse(_REFERENCE)

    async def start(request: Request) -> Response:
        return Response(_START, media_type="text/javascript")

    routes: list[BaseRoute] = [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/health/", health_of_all),
        Route("/metrics", metrics),
        Route("/v1/catalogue", catalogue),
        Route("/openapi.json", openapi),
        Route("/docs", reference),
        Route("/docs/start.js", start),
        Mount("/docs/assets", StaticFiles(directory=swagger_ui_path)),
        *(
            Route(path, OtherMethods(methods, ingestion.gate))
            for path, methods in ingestion.hot_paths.items()
        ),
    ]
    strays = Strays(routes, ingestion.metrics)
    errors = (HTTPException, RefusedError, Exception)
    pages = Starlette(routes=routes, exception_handlers=dict.fromkeys(errors, strays.answer))
    pages.router.redirect_slashes = False  # the body of a POST would not follow everywhere
    return pages
