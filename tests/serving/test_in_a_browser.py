from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser import chromium
from tests.conftest import Warehouse
from tests.serving.conftest import READ_TOKEN, Start
from warehouse.connections import connect
from warehouse.roles import Role

DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def alert(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            """
            insert into ops.alerts (condition, severity, summary, occurrences)
            values ('gate', 'critical', 'Raw events failed a check; 3 loads are held', 4)
            """
        )
        connection.execute(
            "insert into ops.runs (domain, trigger, is_full_refresh, state) values"
            " ('core', 'test', false, 'held'), ('daily', 'test', false, 'succeeded')"
        )


@pytest.mark.usefixtures("marts", "alert")
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_front_page_fits_the_screen_and_asks_nobody_else(
    browser: Browser, client: httpx.Client, tmp_path: Path, scheme: str, viewport: ViewportSize
) -> None:
    page = browser.new_page(viewport=viewport, color_scheme="dark" if scheme == "dark" else "light")
    asked, complaints = _watch(page)

    page.goto(str(client.base_url))
    page.screenshot(path=tmp_path / "front.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.get_by_text("3 loads are held")).to_be_visible()
    assert all(url.startswith(str(client.base_url)) for url in asked)
    assert complaints == []
    page.close()


@pytest.mark.usefixtures("marts")
def test_a_person_logs_in_with_the_token_and_sees_the_figures(
    browser: Browser, start: Start, warehouse: Warehouse
) -> None:
    client = start(bind_host="0.0.0.0", serving_dsn=warehouse.dsn(Role.SERVING))  # noqa: S104
    page = browser.new_page(viewport=PHONE)

    page.goto(str(client.base_url))
    page.get_by_role("link", name="Log in").click()
    page.get_by_label("Read token").fill(READ_TOKEN)
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_text("Active users").first).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.close()


def test_the_reference_page_shows_the_api(browser: Browser, detached: httpx.Client) -> None:
    page = browser.new_page(viewport=DESK)
    asked, complaints = _watch(page)

    page.goto(f"{detached.base_url}/docs")

    expect(page.get_by_text("Daily analytics")).to_be_visible()
    assert all(url.startswith((str(detached.base_url), "data:")) for url in asked)
    assert complaints == []
    page.close()


def _watch(page: Page) -> tuple[list[str], list[str]]:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return asked, complaints
