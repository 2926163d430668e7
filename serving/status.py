"""The operator's view: a page and JSON that tell how the warehouse is."""

from __future__ import annotations

import datetime as dt
import shutil
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from serving.access import Access
from serving.database import Database, DatabaseAwayError, NotBuiltError
from serving.errors import problem
from serving.pages import page
from warehouse.overview import QUERIES, Overview, as_json, assemble
from warehouse.settings import Settings

PAGE = "/status"
PATH = "/v1/status"


async def read_overview(database: Database) -> Overview:
    """Read how the warehouse is.

    Raises:
        DatabaseAwayError: The warehouse does not answer.
        NotBuiltError: The schema of raw and ops is not there.
    """
    return assemble({name: await database.fetch(query) for name, query in QUERIES.items()})


async def status_page(request: Request) -> Response:
    """Answer the page, or lead to the log-in."""
    access: Access = request.app.state.access
    if not access.may_administer(request):
        return RedirectResponse(f"/login?next={quote(PAGE)}", HTTPStatus.SEE_OTHER)
    settings: Settings = request.app.state.settings
    overview: Overview | None = None
    away = None
    try:
        overview = await read_overview(request.app.state.database)
    except DatabaseAwayError:
        away = "The warehouse does not answer at the moment. `footfall doctor` looks for the cause."
    except NotBuiltError:
        away = "The warehouse has no tables yet. `footfall migrate` or `make up` creates them."
    return page(
        "status",
        settings=settings,
        overview=overview,
        away=away,
        disk=shutil.disk_usage(settings.home) if settings.home.exists() else None,
        now=dt.datetime.now(dt.UTC),
    )


async def status(request: Request) -> Response:
    """Answer the same as JSON."""
    access: Access = request.app.state.access
    if not access.is_administrator(request):
        return problem(
            HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            "Send the admin token as `Authorization: Bearer <token>`; it is FOOTFALL_ADMIN_TOKEN.",
            headers={"WWW-Authenticate": 'Bearer realm="footfall"'},
        )
    return JSONResponse(as_json(await read_overview(request.app.state.database)))
