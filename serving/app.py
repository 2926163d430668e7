"""The application: which path leads where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from serving import daily, health, pages, reference, reports, status
from serving.access import Access
from serving.database import Database
from serving.errors import HANDLERS
from serving.sites import SITES, SiteFiles
from warehouse.settings import Settings

ASSETS = Path(__file__).parent / "assets"


def create_app(settings: Settings) -> Starlette:
    """Return the application.

    Args:
        settings: Needs ``serving_dsn`` and ``read_token``.

    Raises:
        MissingSettingError: One of them is empty.
    """
    database = Database(settings.require("serving_dsn"))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await database.open()
        yield
        await database.close()

    sites = [
        Mount(f"/docs/{site.name}", SiteFiles(site, settings.home / "sites" / site.name))
        for site in SITES
    ]
    app = Starlette(
        routes=[
            Route("/", pages.front),
            Route("/login", pages.login, methods=["GET", "POST"]),
            Route("/logout", pages.logout, methods=["POST"]),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Route(daily.PATH, daily.daily),
            Route(reports.PATH, reports.listed),
            Route(f"{reports.PATH}/{{number:int}}", reports.shown),
            Route(f"{reports.PATH}/{{number:int}}.json", reports.as_json),
            Route(f"{reports.PATH}/{{number:int}}.csv", reports.as_csv),
            Route(reports.LIBRARY_PATH, reports.library),
            Route(status.PAGE, status.status_page),
            Route(status.PATH, status.status),
            Route("/openapi.json", reference.document),
            Route("/docs", reference.docs),
            Mount("/docs/assets", StaticFiles(directory=reference.SWAGGER_UI)),
            *sites,
            Mount("/assets", StaticFiles(directory=ASSETS)),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.access = Access(settings)
    app.state.database = database
    return app
