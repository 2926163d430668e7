"""In a real browser: the API reference, and pages of other origins that send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from ingestion.keys import create_key
from tests.browser import chromium
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query, wait_for
from tests.servers import RunningIngestion
from tests.web import web_server
from warehouse.connections import connect
from warehouse.roles import Role

SOURCES = "select source from raw.events where event_id = any(%s::uuid[])"
SEND = """async ([url, key, event]) => {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: {"Authorization": `Bearer ${key}`, "Content-Type": "application/json"},
      body: JSON.stringify(event)
    });
    const {results} = await answer.json();
    return `${results[0].status}, limit ${answer.headers.get("RateLimit-Limit")}`;
  } catch (error) {
    return String(error);
  }
}"""
BEACON = """([url, key, event]) =>
  navigator.sendBeacon(`${url}?key=${key}`, JSON.stringify(event))"""
SEND_UNASKED = """async ([url, key, event]) => {
  const answer = await fetch(`${url}?key=${key}`, {
    method: "POST", mode: "no-cors", body: JSON.stringify(event)
  });
  return answer.type;
}"""


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


def page() -> tuple[int, str, bytes]:
    return 200, "text/html", b"<!doctype html><title>A shop</title>"


def test_a_page_of_an_origin_that_is_named_sends_and_one_that_is_not_cannot(
    browser: Browser, ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    url = f"{ingestion.url}/v1/events"
    events = {script: (page_view(), page_view()) for script in (SEND, BEACON, SEND_UNASKED)}
    with web_server(page) as named, web_server(page) as other:
        with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
            key = create_key(connection, name="shop", source="shop", allowed_origins=[named])
        wait_for(lambda: ingestion.send([], authorization=f"Bearer {key}").is_success)
        outcomes: list[object] = []
        for number, origin in enumerate((named, other)):
            tab = browser.new_page()
            tab.goto(origin)
            outcomes += [
                tab.evaluate(script, [url, key, sent[number]]) for script, sent in events.items()
            ]
            tab.close()
    # what a page may not read a browser hides from it; what needs no leave it sends all the same
    assert outcomes[:3] == ["stored, limit 600", True, "opaque"]
    assert outcomes[3:] == ["TypeError: Failed to fetch", True, "opaque"]
    mine = [sent[0]["event_id"] for sent in events.values()]
    wait_for(lambda: len(query(landing_warehouse, SOURCES, mine)) == 3)
    theirs = [sent[1]["event_id"] for sent in events.values()]
    assert query(landing_warehouse, SOURCES, theirs) == []
