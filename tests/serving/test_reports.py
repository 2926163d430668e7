"""The archive of reports, as people find and read it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest
from playwright.sync_api import expect

from pipeline.reports.archive import keep, read_report
from pipeline.reports.contents import Chart, Headline, Period, Report, Section
from pipeline.reports.rendering import on_its_own
from tests.browser import chromium
from tests.conftest import Warehouse
from tests.serving.conftest import BEARER
from warehouse.connections import connect
from warehouse.roles import Role

DAYS = [f"2026-11-{day:02d}" for day in range(1, 25)]
OUTSIDE = {"Host": "reports.example"}


def section(name: str, chart: Chart, keys: tuple[str, ...], **columns: object) -> Section:
    labels = {column: column.replace("_", " ").capitalize() for column in columns}
    return Section(
        name, name.capitalize(), keys, labels, pd.DataFrame(columns, dtype=object), chart
    )


@pytest.fixture
def number(warehouse: Warehouse) -> int:
    """A report with a chart of every kind, in the archive."""
    report = Report(
        "platform",
        "",
        "Platform",
        Period(date(2026, 10, 26), date(2026, 11, 24)),
        (
            Headline("active_users", "Active users", 1234, 1000),
            Headline("bounce_rate", "Bounce rate", 41.7, 40, unit=" %"),
            Headline("avg_session_duration", "Session length", None),
        ),
        (
            section("people", Chart("lines", ("active_users", "new_users")), ("date",),
                    date=DAYS, active_users=[50 + 7 * n % 31 for n in range(24)],
                    new_users=[5 + 3 * n % 11 for n in range(24)]),
            section("errors", Chart("bars", ("errors",), stacked=True, by="level"),
                    ("date", "level"), date=[day for day in DAYS for _ in "ab"],
                    level=["error", "warning"] * 24, errors=[n % 9 for n in range(48)]),
            section("products", Chart("ranking", ("views",)), ("product",),
                    product=["Tent", "A bottle with a name that is so long that it must be cut"],
                    views=[40, 12]),
            section("pattern", Chart("heatmap", ("events",)), ("weekday", "hour_of_day"),
                    weekday=[1, 3, 7], hour_of_day=[9, 12, 23], events=[4, 8, 1]),
        ),
    )  # fmt: skip
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return keep(connection, report, datetime.now(UTC)).report_id


def test_the_list_leads_to_each_report_in_three_forms(client: httpx.Client, number: int) -> None:
    listed = client.get("/reports").text
    assert "Tue 24 Nov 2026" in listed
    for path in (f"/reports/{number}", f"/reports/{number}.csv", f"/reports/{number}.json"):
        assert f'href="{path}"' in listed
        assert client.get(path).status_code == 200
    assert client.get(f"/reports/{number}.json").json()["headlines"]["active_users"] == {
        "value": 1234,
        "before": 1000,
    }
    assert f"/reports/{number}" not in client.get("/reports?kind=geo").text


def test_a_list_without_reports_says_how_they_come(client: httpx.Client) -> None:
    assert "footfall reports generate platform" in client.get("/reports").text


def test_reports_are_for_those_who_may_see_figures(client: httpx.Client, number: int) -> None:
    for path in ("/reports", f"/reports/{number}", f"/reports/{number}.csv"):
        refused = client.get(path, headers=OUTSIDE)
        assert (refused.status_code, refused.headers["location"]) == (303, f"/login?next={path}")
        assert client.get(path, headers={**OUTSIDE, **BEARER}).status_code == 200


@pytest.mark.parametrize("path", ["/reports/999999", "/reports/1.xml", f"/reports/{2**70}"])
def test_a_report_that_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_charts_are_drawn_by_what_we_serve_and_nobody_else_is_asked(
    client: httpx.Client, number: int, tmp_path: Path, scheme: str, width: int
) -> None:
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))

        page.goto(f"{client.base_url}/reports/{number}")
        expect(page.locator(".main-svg").first).to_be_visible()
        page.screenshot(path=tmp_path / "report.png", full_page=True)

        assert page.locator(".chart .plot-container").count() == 4
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert all(url.startswith(str(client.base_url)) for url in asked)
        assert complaints == []
        page.get_by_role("link", name="Reports").click()
        expect(page.get_by_role("heading", name="Reports")).to_be_visible()


def test_a_page_on_its_own_draws_its_charts_without_any_network(
    warehouse: Warehouse, number: int, tmp_path: Path
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        text = on_its_own(read_report(connection, number, "html"))
    file = tmp_path / "report.html"
    file.write_text(text)
    with chromium() as browser:
        page = browser.new_page()
        page.context.set_offline(True)
        page.goto(file.as_uri())
        expect(page.locator(".main-svg").first).to_be_visible()
        assert page.locator(".chart .plot-container").count() == 4
