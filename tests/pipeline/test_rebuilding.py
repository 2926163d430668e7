"""Building again what is built: days on demand, and a sample to see that nothing changes.

The tests share a warehouse, and stand in the order in which they change it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline import loads
from pipeline.alerts import open_alerts
from pipeline.reopening import Days, InvalidDaysError, parse_days
from pipeline.runs import run
from pipeline.sample_check import CONDITION, SampleReport, check_sample
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, mart, settings_for
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """Two users' page views, five days apart, built."""
    made = fresh_warehouse(postgres)
    land(made, [{"user_id": "v1", "occurred_at": NOON}])
    land(made, [{"user_id": "v2", "occurred_at": NOON + 5 * DAY}])
    settings = settings_for(made)
    run(["all"], settings=settings, trigger="test", gates=GivenGates()).raise_for_state()
    return made


def spoil(warehouse: Warehouse, user: str) -> None:
    """Put a figure into a mart that no run would have put there."""
    with connect(warehouse.superuser_dsn) as connection:
        spoilt = connection.execute(
            "update marts.user_analytics set total_page_views = 77 where user_id = %s", (user,)
        ).rowcount
    assert spoilt == 1


def page_views(warehouse: Warehouse) -> dict[str, int]:
    return dict(mart(warehouse, "user_analytics", "user_id, total_page_views"))


def check(settings: Settings) -> SampleReport:
    report = check_sample(settings, trigger="test", gates=GivenGates())
    report.raise_for_state()
    return report


def conditions(warehouse: Warehouse) -> list[str]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return [alert.condition for alert in open_alerts(connection)]


def test_the_days_asked_for_are_built_again_and_no_others(
    warehouse: Warehouse, settings: Settings
) -> None:
    spoil(warehouse, "v1")
    spoil(warehouse, "v2")

    days = Days(NOON.date(), NOON.date())
    run(["user"], settings=settings, trigger="test", days=days, gates=GivenGates())

    assert page_views(warehouse) == {"v1": 1, "v2": 77}


def test_days_that_hold_nothing_cost_no_run(settings: Settings) -> None:
    days = Days(date(2020, 1, 1), date(2020, 12, 31))
    report = run(["user"], settings=settings, trigger="test", days=days, gates=GivenGates())
    assert {domain.state for domain in report.domains} == {"current"}


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("June", "2024-06-02", "first_day: 'June' is no day"),
        ("2024-06-01", "2024-06-31", "last_day: '2024-06-31' is no day"),
        ("2024-06-02", "2024-06-01", "last_day: 2024-06-01 is before first_day"),
    ],
)
def test_days_that_are_none_are_refused_by_field(first: str, last: str, says: str) -> None:
    with pytest.raises(InvalidDaysError, match=says):
        parse_days(first, last)


def test_a_row_that_is_not_what_it_should_be_is_mended_and_told(
    warehouse: Warehouse, settings: Settings
) -> None:
    assert page_views(warehouse)["v2"] == 77
    assert check(settings).differences == {"user_analytics": 1}
    assert page_views(warehouse) == {"v1": 1, "v2": 1}
    assert conditions(warehouse) == [CONDITION]


def test_news_that_the_check_finds_are_built_and_are_no_difference(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{"user_id": "v3", "occurred_at": NOON}])
    report = check(settings)
    assert report.differences == {}
    assert report.rebuilt.domains[0].rows == {"events": 3}
    assert page_views(warehouse)["v3"] == 1
    assert conditions(warehouse) == []


def test_a_load_of_which_events_were_dropped_is_not_built_again(
    warehouse: Warehouse, settings: Settings
) -> None:
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("delete from raw.events where user_id = 'v2'")
        rows = connection.execute("select load_id from raw.loads").fetchall()
    with connect(settings.require("transform_dsn")) as connection:
        opened = loads.reopen(connection, [load_id for (load_id,) in rows])
        connection.rollback()
    assert opened == (2, 2)


def test_an_empty_warehouse_has_nothing_to_sample(postgres: EmbeddedPostgres) -> None:
    assert check(settings_for(new_warehouse(postgres))).rebuilt.domains == ()
