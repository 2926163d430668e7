"""Pages for people: the front page, the log-in, and what stands in for a site not yet built."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.access import Access
from serving.chart import Column, column_chart
from serving.database import DatabaseAwayError, NotBuiltError
from serving.figures import CHART_DAYS, Figures, read_figures
from warehouse.amounts import size
from warehouse.settings import Settings

TABLE_DAYS = 7
MOST_FORM_BYTES = 4096
MOST_TARGET = 200
ADMIN_PAGES = ("/status",)
ABSENT = "\N{EN DASH}"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def page(name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    """Return a page made from a template.

    Args:
        name: File in ``templates/``, without its ending.
        status: HTTP status.
        values: What the template shows.
    """
    text = _environment.get_template(f"{name}.html.j2").render(values)
    return HTMLResponse(text, status, HEADERS)


async def front(request: Request) -> Response:
    """Answer the front page: links for everyone, figures for those who may view them."""
    settings: Settings = request.app.state.settings
    access: Access = request.app.state.access
    now = dt.datetime.now(dt.UTC)
    figures: Figures | None = None
    away = None
    may_view = access.may_view(request)
    if may_view:
        try:
            figures = await read_figures(request.app.state.database)
        except DatabaseAwayError:
            away = "The warehouse does not answer at the moment. Reload the page in a few seconds."
        except NotBuiltError:
            away = "The warehouse has no tables yet. `footfall migrate` or `make up` creates them."
    return page(
        "front",
        settings=settings,
        may_view=may_view,
        is_session=access.has_session(request),
        figures=figures,
        away=away,
        chart=_chart(figures) if figures and figures.days else None,
        chart_days=CHART_DAYS,
        table_days=TABLE_DAYS,
        now=now,
        today=now.astimezone(ZoneInfo(settings.reporting_timezone)).date(),
    )


async def login(request: Request) -> Response:
    """Show the log-in form, or check the token that it sends."""
    if request.method != "POST":
        target = request.query_params.get("next", "/")
        target = safe_target(target)
        return page("login", target=target, wanted=_wanted_token(target), error=None)
    form = await _form(request)
    target = safe_target(form.get("next", "/"))
    access: Access = request.app.state.access
    token = form.get("token", "").strip()
    is_administrator = access.is_admin_token(token)
    if not is_administrator and (target in ADMIN_PAGES or not access.is_token(token)):
        wanted = _wanted_token(target)
        error = f"That is not the {wanted} token."
        return page("login", HTTPStatus.FORBIDDEN, target=target, wanted=wanted, error=error)
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    access.start_session(response, as_administrator=is_administrator)
    return response


async def logout(request: Request) -> Response:
    """End the browser's session and return to the front page."""
    access: Access = request.app.state.access
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    access.end_session(response)
    return response


def safe_target(target: str) -> str:
    """Return where to go after the log-in: a page of ours, else the front page."""
    if target in ADMIN_PAGES:
        return target
    is_ours = target.startswith(("/docs/", "/reports"))
    is_ours = is_ours and "\\" not in target and target.isprintable()
    return target if is_ours and len(target) <= MOST_TARGET else "/"


def _wanted_token(target: str) -> str:
    return "admin" if target in ADMIN_PAGES else "read"


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return {}
    fields = parse_qs(body.decode(errors="replace"), max_num_fields=5)
    return {name: values[0] for name, values in fields.items()}


def _chart(figures: Figures) -> str:
    columns = [Column(_day(day.date), day.events) for day in figures.days]
    return column_chart(
        columns, places=CHART_DAYS, title=f"Events on each of the last {CHART_DAYS} days"
    )


def _ago(moment: dt.datetime, now: dt.datetime) -> str:
    seconds = max((now - moment).total_seconds(), 0)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        number = int(seconds // length)
        if number:
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def _day(day: dt.date) -> str:
    return f"{_short_day(day)} {day.year}"


def _short_day(day: dt.date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _number(value: Decimal | None) -> str:
    return ABSENT if value is None else f"{value:,}"


def _duration(seconds: Decimal | None) -> str:
    if seconds is None:
        return ABSENT
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ABSENT
    return f"{seconds:.1f} s" if seconds < 60 else _duration(Decimal(seconds))


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {
        "ago": _ago,
        "bytes": size,
        "day": _day,
        "duration": _duration,
        "moment": _moment,
        "number": _number,
        "seconds": _seconds,
        "short_day": _short_day,
    }
    environment.filters.update(filters)
    return environment


_environment = _make_environment()
