from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.rows import land
from tests.serving.conftest import Start
from warehouse.connections import connect
from warehouse.roles import Role


def test_before_the_first_run_the_page_says_what_to_do(client: httpx.Client) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert "No figures yet" in answer.text
    assert "<code>footfall run daily</code>" in answer.text


@pytest.mark.usefixtures("marts")
def test_the_page_shows_the_latest_day_and_the_week_before_it(client: httpx.Client) -> None:
    text = client.get("/").text

    assert "Thu 12 Nov 2026" in text
    assert "<dt>Active users</dt><dd>17</dd>" in text
    assert "<td>14,400</td>" in text
    rows = re.findall(r'<time datetime="([-0-9]+)">', text)
    assert rows == [f"2026-11-{day:02}" for day in range(12, 5, -1)]


@pytest.mark.usefixtures("marts")
def test_the_chart_names_every_day_and_its_events(client: httpx.Client) -> None:
    text = client.get("/").text

    assert text.count("<title>") == 1 + 12
    assert "<title>Thu 12 Nov 2026: 14,400</title>" in text
    assert 'aria-label="Events on each of the last 30 days"' in text


@pytest.mark.usefixtures("marts")
def test_a_mart_without_a_day_shows_no_figures(client: httpx.Client, warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("truncate marts.daily_analytics")

    assert "No figures yet" in client.get("/").text


def test_freshness_tells_what_waits_and_how_the_last_runs_ended(
    client: httpx.Client, warehouse: Warehouse
) -> None:
    land(warehouse, [{}, {}, {}], received_at=datetime.now(UTC))
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            """
            insert into ops.runs (domain, trigger, is_full_refresh, state, started_at)
            values
                ('daily', 'test', false, 'succeeded', now() - interval '3 hours'),
                ('daily', 'test', false, 'failed', now() - interval '2 hours')
            """
        )
        connection.execute(
            """
            insert into ops.domain_progress (domain, core_run_id, published_at)
            values ('daily', 1, now() - interval '2 days'), ('user', 1, now())
            """
        )

    text = client.get("/").text

    assert "3 events" in text
    daily = text[text.index('<th scope="row">daily</th>') :]
    assert daily.index("failed") < daily.index("2 hours ago") < daily.index("2 days ago")
    assert '<th scope="row">user</th>' in text


def test_an_open_alert_is_shown_and_its_text_is_no_markup(
    client: httpx.Client, warehouse: Warehouse
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            """
            insert into ops.alerts (condition, severity, state, summary)
            values
                ('a', 'critical', 'opened', 'The gate <script>alert(1)</script> failed'),
                ('b', 'warning', 'resolved', 'Long gone')
            """
        )

    text = client.get("/").text

    assert "Needs attention" in text
    assert "The gate &lt;script&gt;" in text
    assert "Long gone" not in text


def test_while_the_database_is_away_the_page_still_comes(detached: httpx.Client) -> None:
    answer = detached.get("/")

    assert answer.status_code == 200
    assert "The warehouse does not answer" in answer.text
    assert "What is here" in answer.text


def test_without_our_schema_the_page_says_what_to_do(
    start: Start, postgres: EmbeddedPostgres
) -> None:
    elsewhere = postgres.superuser_dsn.rpartition("/")[0] + "/template1"

    assert "The warehouse has no tables yet." in start(serving_dsn=elsewhere).get("/").text


@pytest.mark.usefixtures("marts")
def test_the_page_asks_no_other_server_for_anything(client: httpx.Client) -> None:
    answer = client.get("/")

    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assets = re.findall(r'(?:src=|<link [^>]*href=)"([^"]+)"', answer.text)
    assert assets
    for asset in assets:
        assert asset.startswith("/assets/")
        assert client.get(asset).status_code == 200
