from __future__ import annotations

import re

import httpx
from starlette.routing import Mount, Route

from serving.app import create_app
from serving.reference import openapi
from tests.serving.conftest import make_settings
from warehouse.settings import PROJECT_ROOT


def test_every_path_is_in_the_openapi_document() -> None:
    app = create_app(make_settings(PROJECT_ROOT))
    paths = {
        f"{route.path}/" if isinstance(route, Mount) else route.path.replace(":int", "")
        for route in app.routes
        if isinstance(route, Mount | Route)
    }

    assert paths - {"/assets/", "/docs/assets/"} == set(openapi()["paths"])


def test_the_document_is_served_and_its_references_resolve(detached: httpx.Client) -> None:
    document = detached.get("/openapi.json").json()

    schemas = document["components"]["schemas"]
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert references == {"DailyAnalytics", "DailyPage", "Error"} == set(schemas)


def test_the_page_to_try_the_api_from_is_served_offline(detached: httpx.Client) -> None:
    text = detached.get("/docs").text

    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(addresses) == 3
    for address in addresses:
        assert detached.get(address).status_code == 200


def test_an_unknown_path_is_told_as_every_error_is(detached: httpx.Client) -> None:
    answer = detached.get("/v1/hourly")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_marts_cannot_be_written(detached: httpx.Client) -> None:
    answer = detached.post("/v1/daily")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
