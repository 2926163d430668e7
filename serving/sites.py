"""Generated sites, served from the state directory: dbt's documentation and the Data Docs."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from serving.access import Access
from serving.pages import page

# The sites bring scripts of their own; these may run, but reach nothing outside.
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Site(NamedTuple):
    """A site that the pipeline generates.

    Attributes:
        name: Folder under ``<home>/sites`` and path under ``/docs``.
        title: What a person calls it.
        remedy: Command that builds it.
    """

    name: str
    title: str
    remedy: str


SITES = (
    Site("dbt", "Models and lineage (dbt docs)", "footfall docs"),
    Site("quality", "Data quality (Great Expectations)", "footfall run all"),
)


class SiteFiles:
    """Serves the folder of a site, or says how to build it where it is not there yet.

    Args:
        site: Which.
        directory: Folder of its files; it may come and be replaced while we serve.
    """

    def __init__(self, site: Site, directory: Path) -> None:
        self._site = site
        self._directory = directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file of the site."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        access: Access = request.app.state.access
        if not access.may_view(request):
            target = quote(request.url.path)
            return RedirectResponse(f"/login?next={target}", HTTPStatus.SEE_OTHER)
        if not (self._directory / "index.html").is_file():
            return page("not_built", HTTPStatus.NOT_FOUND, site=self._site)
        files = StaticFiles(directory=self._directory, html=True)
        response = await files.get_response(files.get_path(request.scope), request.scope)
        response.headers.update(HEADERS)
        return response
