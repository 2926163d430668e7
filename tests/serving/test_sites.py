from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from serving.sites import SITES
from tests.serving.conftest import Start

NAMES = [site.name for site in SITES]


def build(home: Path, name: str) -> Path:
    folder = home / "sites" / name
    (folder / "inner").mkdir(parents=True)
    (folder / "index.html").write_text("<title>the site</title>")
    (folder / "manifest.json").write_text("{}")
    (folder / "inner" / "page.html").write_text("an inner page")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_site_that_is_not_built_says_how_to_build_it(detached: httpx.Client, name: str) -> None:
    answer = detached.get(f"/docs/{name}/")

    assert answer.status_code == 404
    assert "has not been built yet" in answer.text
    assert "<pre>footfall" in answer.text


@pytest.mark.parametrize("name", NAMES)
def test_a_site_that_is_built_while_serving_runs_is_served(
    detached: httpx.Client, tmp_path: Path, name: str
) -> None:
    detached.get(f"/docs/{name}/")
    build(tmp_path, name)

    index = detached.get(f"/docs/{name}", follow_redirects=True)
    assert index.text == "<title>the site</title>"
    assert index.headers["Content-Type"].startswith("text/html")
    data = detached.get(f"/docs/{name}/manifest.json")
    assert data.headers["Content-Type"] == "application/json"
    assert detached.get(f"/docs/{name}/inner/page.html").text == "an inner page"
    assert detached.get(f"/docs/{name}/missing.html").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/docs/dbt/../secret",
        "/docs/dbt/%2e%2e/secret",
        "/docs/dbt/..%2fsecret",
        "/docs/dbt/..%2f..%2ffootfall.env",
        "/docs/dbt/%2fetc%2fpasswd",
        "/docs/dbt//etc/passwd",
        "/docs/dbt/link",
        "/docs/dbt/%00",
        "/docs/assets/..%2f__init__.py",
        "/assets/..%2fapp.py",
    ],
)
def test_no_path_leads_out_of_a_site(detached: httpx.Client, tmp_path: Path, path: str) -> None:
    folder = build(tmp_path, "dbt")
    (tmp_path / "footfall.env").write_text("SECRET")
    (tmp_path / "sites" / "secret").write_text("SECRET")
    (folder / "link").symlink_to(tmp_path / "footfall.env")

    # httpx would tidy the path up; this is what reaches the server
    request = detached.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = detached.send(request)

    assert answer.status_code == 404
    assert "SECRET" not in answer.text


def test_the_scripts_of_a_site_reach_nothing_outside(
    detached: httpx.Client, tmp_path: Path
) -> None:
    build(tmp_path, "quality")

    policy = detached.get("/docs/quality/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_open_to_the_network_a_site_is_for_those_who_logged_in(
    start: Start, tmp_path: Path
) -> None:
    build(tmp_path, "dbt")
    client = start(bind_host="0.0.0.0")  # noqa: S104

    answer = client.get("/docs/dbt/inner/page.html")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/docs/dbt/inner/page.html"
