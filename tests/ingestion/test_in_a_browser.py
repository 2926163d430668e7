"""The API reference, as a person sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.servers import RunningIngestion


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_the_reference_shows_the_api_and_asks_nobody_else(
    browser: Browser, ingestion: RunningIngestion
) -> None:
    page = browser.new_page()
    problems: list[str] = []
    addresses: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{ingestion.url}/docs", wait_until="networkidle")
    page.get_by_text("Send events").first.click()
    page.get_by_text("A verdict for each event, in order.").wait_for()
    assert problems == []
    assert [url for url in addresses if not url.startswith((ingestion.url, "data:"))] == []
    page.close()
