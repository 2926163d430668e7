"""The operator's view: what it tells, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ViewportSize

from serving.access import ADMIN_COOKIE
from tests.browser import chromium
from tests.conftest import Warehouse
from tests.rows import land
from tests.serving.conftest import BEARER, READ_TOKEN, Start
from warehouse.connections import connect
from warehouse.roles import Role

ADMIN_TOKEN = "admin-token-of-the-tests"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def busy(warehouse: Warehouse) -> Warehouse:
    """A warehouse with a mart, runs, a held load, a failed expectation, an alert, a removal."""
    held = land(warehouse, [{}, {}])
    land(warehouse, [{}])
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("update raw.loads set state = 'held' where load_id = %s", (held,))
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("create table marts.daily_analytics as select 1 as date")
        connection.execute("create table marts.orders as select 1 as order_id")
        connection.execute(
            """
            insert into ops.runs
                (domain, trigger, is_full_refresh, state, started_at, finished_at, events, detail)
            values
                ('core', 'cli', false, 'succeeded', now() - interval '70 minutes',
                    now() - interval '69 minutes', 20000, '{}'),
                ('daily', 'cli', false, 'succeeded', now() - interval '69 minutes',
                    now() - interval '68.5 minutes', null, '{"rows": {"daily_analytics": 3}}'),
                ('sales', 'airflow scheduled__2026-11-25T15:30:00+00:00', false, 'succeeded',
                    now() - interval '3 hours', now() - interval '2.9 hours', null,
                    '{"rows": {"orders": 3}}'),
                ('sales', 'airflow scheduled__2026-11-25T16:30:00+00:00', false, 'failed',
                    now() - interval '30 minutes', now() - interval '29 minutes', null,
                    '{"reason": "dbt build failed: orders: division by zero"}')
            """
        )
        connection.execute(
            "insert into ops.domain_progress (domain, core_run_id)"
            " values ('daily', 1), ('sales', 0)"
        )
        connection.execute(
            "insert into ops.quality_results "
            " (suite, expectation, column_name, severity, is_success)"
            " values ('raw.events', 'expect_values_to_be_in_set', 'category', 'blocking', false),"
            " ('raw.events', 'expect_values_to_be_in_set', 'category', 'blocking', true)"
        )
        connection.execute(
            "insert into ops.alerts (condition, severity, summary) values"
            " ('run:sales', 'critical', 'sales failed: dbt build failed: division by zero')"
        )
        connection.execute(
            "insert into ops.removals (what, is_whole, removed, bytes, newest)"
            " values ('raw.events', true, 120000, 83000000, now() - interval '90 days')"
        )
    return warehouse


@pytest.fixture
def public(start: Start, warehouse: Warehouse) -> httpx.Client:
    return start(
        bind_host=EVERYWHERE, admin_token=ADMIN_TOKEN, serving_dsn=warehouse.dsn(Role.SERVING)
    )


def test_json_tells_how_the_warehouse_is(busy: Warehouse, public: httpx.Client) -> None:
    told = public.get("/v1/status", headers=ADMIN).json()
    assert {one["state"]: one["events"] for one in told["loads"]} == {"held": 2, "landed": 1}
    marts = {one["mart"]: one for one in told["marts"]}
    assert marts["daily_analytics"]["domain"] == "daily"
    assert marts["daily_analytics"]["behind_since"] is None
    assert marts["orders"]["behind_since"] is not None
    assert told["runs"][0]["reason"] == "dbt build failed: orders: division by zero"
    assert {one["domain"]: one["failed"] for one in told["costs"]}["sales"] == 1
    assert (told["quality"][0]["failures"], told["quality"][0]["checks"]) == (1, 2)
    assert told["alerts"][0]["condition"] == "run:sales"
    assert told["partitions"]["days_ahead"] == 3
    assert told["partitions"]["database_bytes"] > 0
    assert told["removals"][0]["removed"] == 120000


def test_the_page_tells_the_same(busy: Warehouse, public: httpx.Client) -> None:
    text = public.get("/status", headers=ADMIN).text
    for told in ("sales failed", "behind by 1 hour", "division by zero", "83.0 MB", "1 of 2"):
        assert told in text


def test_an_empty_warehouse_has_a_page(public: httpx.Client) -> None:
    text = public.get("/status", headers=ADMIN).text
    for told in ("Nothing needs attention", "No mart is published yet", "Nothing has run yet"):
        assert told in text


def test_while_the_database_is_away_the_page_says_so(start: Start) -> None:
    text = start().get("/status").text
    assert "The warehouse does not answer" in text


@pytest.mark.parametrize("headers", [{}, BEARER, {"Authorization": "Bearer wrong"}])
def test_only_the_admin_token_is_told(public: httpx.Client, headers: dict[str, str]) -> None:
    assert public.get("/v1/status", headers=headers).status_code == 401
    page = public.get("/status", headers=headers)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/status")


def test_without_an_admin_token_nobody_is_told(start: Start) -> None:
    client = start(bind_host=EVERYWHERE)
    for headers in ({}, BEARER, {"Authorization": "Bearer"}):
        assert client.get("/v1/status", headers=headers).status_code == 401


def test_an_operator_logs_in_with_the_admin_token(public: httpx.Client) -> None:
    form = {"next": "/status", "token": READ_TOKEN}
    refused = public.post("/login", data=form)
    assert refused.status_code == 403
    assert "That is not the admin token" in refused.text
    admitted = public.post("/login", data={**form, "token": ADMIN_TOKEN})
    assert admitted.headers["location"] == "/status"
    assert public.get("/status").status_code == 200
    public.post("/logout")
    assert ADMIN_COOKIE not in public.cookies
    assert public.get("/status").status_code == 303


@pytest.fixture
def busy_client(busy: Warehouse, start: Start) -> httpx.Client:
    return start(serving_dsn=busy.dsn(Role.SERVING))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_screen(
    busy_client: httpx.Client, browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    page = browser.new_page(
        viewport=ViewportSize(width=width, height=900),
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.goto(f"{busy_client.base_url}/status")
    page.screenshot(path=tmp_path / "status.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
