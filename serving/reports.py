"""The archive of reports: a list, and each report as a page, as JSON and as CSV."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from serving.access import Access
from serving.database import Database
from serving.pages import page

PATH = "/reports"
LIBRARY_PATH = "/assets/plotly/plotly.min.js"
MOST_REPORTS = 500
HIGHEST_NUMBER = 2**63 - 1
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
KINDS = ("platform", "community", "geo")
# The page draws its charts by scripts of its own and the library that we serve. In the sandbox it
# is a stranger to the rest of the site, and reaches nothing outside.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src "
    "'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'; sandbox allow-scripts allow-downloads allow-top-navigation-by-user-activation",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_LIST = """
select report_id, kind, subject, title, first_day, last_day, created_at
from ops.reports
where $1::text is null or kind = $1
order by last_day desc, kind desc, subject
limit $2
"""
_NAVIGATION = Markup(
    '<nav><a href="{path}">← Reports</a><a href="{path}/{number}.csv">CSV</a>'
    '<a href="{path}/{number}.json">JSON</a></nav>'
)


class Entry(NamedTuple):
    """A report in the list."""

    report_id: int
    kind: str
    subject: str
    title: str
    first_day: dt.date
    last_day: dt.date
    created_at: dt.datetime


async def listed(request: Request) -> Response:
    """Answer the list of reports, of one kind where ``kind`` is given."""
    if not _may_view(request):
        return _log_in(request)
    kind = request.query_params.get("kind") or None
    database: Database = request.app.state.database
    rows = await database.fetch(_LIST, kind, MOST_REPORTS)
    return page(
        "reports",
        reports=[Entry(*row) for row in rows],
        kind=kind,
        kinds=KINDS,
        most=MOST_REPORTS,
        now=dt.datetime.now(dt.UTC),
    )


async def shown(request: Request) -> Response:
    """Answer a report as a page."""
    if not _may_view(request):
        return _log_in(request)
    text, _ = await _read(request, "html")
    navigation = _NAVIGATION.format(path=PATH, number=request.path_params["number"])
    return HTMLResponse(text.replace("<!-- navigation -->", navigation, 1), headers=HEADERS)


async def as_json(request: Request) -> Response:
    """Answer the figures of a report as JSON."""
    return await _download(request, "json")


async def as_csv(request: Request) -> Response:
    """Answer the figures of a report as CSV."""
    return await _download(request, "csv")


async def library(_: Request) -> Response:
    """Answer the library that draws the charts."""
    return FileResponse(
        str(files("plotly").joinpath("package_data/plotly.min.js")),
        media_type="text/javascript",
        headers={"Cache-Control": "public, max-age=86400"},
    )


async def _download(request: Request, form: str) -> Response:
    if not _may_view(request):
        return _log_in(request)
    text, name = await _read(request, form)
    return Response(
        text,
        media_type=MEDIA_TYPES[form],
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _read(request: Request, form: str) -> tuple[str, str]:
    number = request.path_params["number"]
    if number > HIGHEST_NUMBER:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    database: Database = request.app.state.database
    rows = await database.fetch(
        f"select {form} as text, kind, last_day from ops.reports"  # noqa: S608 - one of ours
        " where report_id = $1",
        number,
    )
    if not rows:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return rows[0]["text"], f"{rows[0]['kind']}-{rows[0]['last_day']}-{number}"


def _may_view(request: Request) -> bool:
    access: Access = request.app.state.access
    return access.may_view(request)


def _log_in(request: Request) -> Response:
    return RedirectResponse(f"/login?next={quote(request.url.path)}", HTTPStatus.SEE_OTHER)
