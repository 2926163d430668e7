from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import yaml

from serving.daily import DailyAnalytics
from tests.conftest import Warehouse
from tests.serving.conftest import BEARER
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT

PATH = "/v1/daily"


@pytest.mark.usefixtures("marts")
def test_days_come_in_order_of_their_date_with_numbers_as_numbers(client: httpx.Client) -> None:
    answer = client.get(PATH, params={"start": "2026-11-02", "end": "2026-11-03"}, headers=BEARER)

    assert answer.status_code == 200
    page = answer.json()
    assert [(row["date"], row["events"]) for row in page["rows"]] == [
        ("2026-11-02", 400),
        ("2026-11-03", 900),
    ]
    assert page["rows"][0]["avg_response_time"] == 12.5
    assert page["rows"][0]["bounce_rate"] == 33.3
    assert page["next"] is None


@pytest.mark.usefixtures("marts")
def test_without_dates_every_day_is_there(client: httpx.Client) -> None:
    assert len(client.get(PATH, headers=BEARER).json()["rows"]) == 12


@pytest.mark.usefixtures("marts")
def test_a_figure_that_does_not_exist_is_null(client: httpx.Client) -> None:
    [row] = client.get(PATH, params={"end": "2026-11-01"}, headers=BEARER).json()["rows"]

    assert row["avg_response_time"] is None


@pytest.mark.usefixtures("marts")
def test_following_next_gives_every_day_once(client: httpx.Client) -> None:
    seen: list[str] = []
    url = f"{PATH}?limit=5&end=2026-11-11"
    while url:
        page = client.get(url, headers=BEARER).json()
        assert len(page["rows"]) <= 5
        seen += [row["date"] for row in page["rows"]]
        url = page["next"]

    assert seen == [f"2026-11-{day:02}" for day in range(1, 12)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic " + BEARER["Authorization"].split()[1]},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
)
def test_without_the_token_nothing_is_read(detached: httpx.Client, headers: dict[str, str]) -> None:
    answer = detached.get(PATH, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start=yesterday", "start"),
        ("start=2026-02-30", "start"),
        ("end=20261121", "end"),
        ("end=", "end"),
        ("start=2026-11-02&end=2026-11-01", "end"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("start_date=2026-11-01", "start_date"),
        ("start=2026-11-01&start=2026-11-02", "start"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    detached: httpx.Client, query: str, field: str
) -> None:
    answer = detached.get(f"{PATH}?{query}", headers=BEARER)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("invalid_parameter", field)
    assert field in error["message"]


def test_before_the_first_run_the_answer_says_that_the_mart_is_not_built(
    client: httpx.Client,
) -> None:
    answer = client.get(PATH, headers=BEARER)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_built"


def test_while_the_database_is_away_the_answer_says_when_to_try_again(
    detached: httpx.Client,
) -> None:
    answer = detached.get(PATH, headers=BEARER)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "database_away"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("marts")
def test_a_mart_that_is_replaced_between_two_requests_is_read_anew(
    client: httpx.Client, warehouse: Warehouse
) -> None:
    assert len(client.get(PATH, headers=BEARER).json()["rows"]) == 12
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            "create table marts.new as select *, 1 as more from marts.daily_analytics"
        )
        connection.execute("delete from marts.new where date > '2026-11-04'")
        connection.execute("drop table marts.daily_analytics")
        connection.execute("alter table marts.new rename to daily_analytics")

    assert len(client.get(PATH, headers=BEARER).json()["rows"]) == 4


def test_the_api_has_every_column_of_the_mart_and_no_other() -> None:
    folder = PROJECT_ROOT / "dbt_project" / "models" / "marts" / "daily"
    [columns] = [
        [column["name"] for column in model["columns"]]
        for path in Path(folder).glob("*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", ())
        if model["name"] == "daily_analytics"
    ]

    assert list(DailyAnalytics.__struct_fields__) == columns
