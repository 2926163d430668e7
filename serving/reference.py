"""The reference of the read API: its OpenAPI document, and a page to try it from, offline."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import swagger_ui_bundle
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from serving import reports
from serving.access import ADMIN_COOKIE, COOKIE
from serving.daily import DEFAULT_LIMIT, MAX_LIMIT, PATH, DailyAnalytics, DailyPage
from serving.sites import SITES, Site
from serving.status import PAGE as STATUS_PAGE
from serving.status import PATH as STATUS_PATH

SWAGGER_UI = swagger_ui_bundle.swagger_ui_path
DOCUMENT_PATH = "/openapi.json"
_HTML = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footfall: reading</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{url: "{DOCUMENT_PATH}", dom_id: "#swagger-ui", validatorUrl: null}})
</script>
</body>
</html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; script-src 'self' "
    "'unsafe-inline'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def docs(_: Request) -> Response:
    """Answer the page from which the API can be tried."""
    return HTMLResponse(_HTML, headers=_HEADERS)


async def document(_: Request) -> Response:
    """Answer the OpenAPI document."""
    return JSONResponse(openapi())


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.0 document of every path that serving answers."""
    _, schemas = msgspec.json.schema_components(
        [DailyAnalytics, DailyPage], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Footfall: reading",
            "version": "1",
            "description": "Marts out over HTTP. Days begin in the reporting time zone.",
        },
        "security": [{"readToken": []}],
        "paths": {
            PATH: {"get": _daily()},
            STATUS_PATH: {"get": _status()},
            "/health/live": {"get": _public("health", "Whether the process runs", _json("live"))},
            "/health/ready": {
                "get": _public(
                    "health",
                    "Whether the warehouse answers",
                    _json("ready") | {"503": _described("The warehouse is away.")},
                )
            },
            DOCUMENT_PATH: {"get": _public("reference", "This document", _json("document"))},
            "/docs": {"get": _public("reference", "A page to try the API from", _html())},
            "/": {"get": _public("pages", "Front page", _html())},
            STATUS_PAGE: {
                "get": _public(
                    "pages",
                    "How the warehouse is, for operators",
                    _html() | {"303": _described("Not logged in; leads to the log-in form.")},
                )
                | {"security": [{"adminSession": []}, {"adminToken": []}]}
            },
            "/login": {
                "get": _public("pages", "Log-in form for browsers", _html()),
                "post": _public(
                    "pages",
                    "Log in with the read token or the admin token",
                    {
                        "303": _described("Logged in; leads to where the browser came from."),
                        "403": _described("That is not the token."),
                    },
                )
                | {"requestBody": _login_form()},
            },
            "/logout": {
                "post": _public("pages", "Log out", {"303": _described("Leads to the front page.")})
            },
        }
        | {f"/docs/{site.name}/": {"get": _site(site)} for site in SITES}
        | {
            reports.PATH: {"get": _reports()},
            f"{reports.PATH}/{{number}}": {"get": _report("A report with its charts", "html")},
            f"{reports.PATH}/{{number}}.json": {"get": _report("A report as JSON", "json")},
            f"{reports.PATH}/{{number}}.csv": {"get": _report("A report as CSV", "csv")},
            reports.LIBRARY_PATH: {
                "get": _public(
                    "reports",
                    "The library that draws the charts",
                    {"200": {"description": "JavaScript.", "content": {"text/javascript": {}}}},
                )
            },
        },
        "components": {
            "schemas": schemas | {"Error": _error_schema()},
            "securitySchemes": {
                "readToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The read token, `FOOTFALL_READ_TOKEN`.",
                },
                "adminToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The admin token, `FOOTFALL_ADMIN_TOKEN`.",
                },
                "adminSession": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": ADMIN_COOKIE,
                    "description": "Given by /login to holders of the admin token.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": "Given by /login. A browser on this machine needs none while "
                    "serving listens on a loopback address.",
                },
            },
        },
    }


def _daily() -> dict[str, Any]:
    return {
        "tags": ["marts"],
        "summary": "Daily analytics",
        "description": "The days of `marts.daily_analytics` in order of their date, in pages: "
        "follow `next` until it is null.",
        "parameters": [
            _parameter("start", "First day.", {"type": "string", "format": "date"}),
            _parameter("end", "Last day, included.", {"type": "string", "format": "date"}),
            _parameter(
                "limit",
                "Most days in one page.",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            ),
        ],
        "responses": {
            "200": {
                "description": "A page of days.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/DailyPage"}}
                },
            },
            "400": _error("A parameter cannot be used; `field` names it."),
            "401": _error("The token is missing or wrong."),
            "503": _error("The warehouse is away, or has no such mart yet."),
        },
    }


def _status() -> dict[str, Any]:
    return {
        "tags": ["operation"],
        "summary": "How the warehouse is",
        "description": "Freshness of every mart, loads that wait or are held, the last runs and "
        "their cost, failed expectations, open alerts, sizes and partitions.",
        "security": [{"adminToken": []}],
        "responses": _json("the state of the warehouse")
        | {
            "401": _error("The token is missing or wrong."),
            "503": _error("The warehouse is away, or has no tables yet."),
        },
    }


def _site(site: Site) -> dict[str, Any]:
    responses = _html() | {"404": _described("Not built yet; the page says how to.")}
    return _for_viewers("pages", site.title, responses)


def _reports() -> dict[str, Any]:
    kind = _parameter("kind", "Of this kind alone.", {"type": "string", "enum": [*reports.KINDS]})
    return _for_viewers("reports", "The reports that there are", _html()) | {"parameters": [kind]}


def _report(summary: str, form: str) -> dict[str, Any]:
    content = {"html": "text/html", "json": "application/json", "csv": "text/csv"}[form]
    responses = {
        "200": {"description": "The report.", "content": {content: {}}},
        "404": _error("There is no report of this number."),
    }
    number = {
        "name": "number",
        "in": "path",
        "required": True,
        "description": "Its number in the list.",
        "schema": {"type": "integer", "minimum": 1},
    }
    return _for_viewers("reports", summary, responses) | {"parameters": [number]}


def _for_viewers(tag: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    responses = responses | {"303": _described("Not logged in; leads to the log-in form.")}
    return _public(tag, summary, responses) | {"security": [{"session": []}, {"readToken": []}]}


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _public(tag: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"tags": [tag], "summary": summary, "security": [], "responses": responses}


def _described(text: str) -> dict[str, Any]:
    return {"description": text}


def _json(what: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {"200": {"description": what.capitalize() + ".", "content": content}}


def _html() -> dict[str, Any]:
    content = {"text/html": {"schema": {"type": "string"}}}
    return {"200": {"description": "The page.", "content": content}}


def _login_form() -> dict[str, Any]:
    fields = {
        "token": {"type": "string", "format": "password"},
        "next": {"type": "string", "description": "Path to go to afterwards."},
    }
    schema = {"type": "object", "properties": fields, "required": ["token"]}
    return {"content": {"application/x-www-form-urlencoded": {"schema": schema}}}


def _error(text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": text, "content": content}


def _error_schema() -> dict[str, Any]:
    fields = {
        "code": {"type": "string", "description": "What is wrong, for programs."},
        "field": {"type": "string", "nullable": True, "description": "Parameter at fault."},
        "message": {"type": "string", "description": "What is wrong and how to mend it."},
    }
    error = {"type": "object", "properties": fields, "required": list(fields)}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}
