"""Promise 7, with the real expectations: a failed gate changes nothing that people see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.alerts import open_alerts
from pipeline.runs import run
from tests.conftest import Warehouse
from tests.pipeline.conftest import all_marts
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)


def test_loads_that_the_expectations_refuse_are_held(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{"user_id": "fine", "occurred_at": NOON}])
    run(["all"], settings=settings, trigger="test").raise_for_state()
    before = all_marts(warehouse)

    odd = {"user_id": "odd", "occurred_at": datetime.now(UTC) + timedelta(days=400)}
    load_id = land(warehouse, [odd])
    report = run(["all"], settings=settings, trigger="test")

    assert report.domains[0].state == "held"
    assert all_marts(warehouse) == before
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        (alert,) = open_alerts(connection)
        [held] = connection.execute(
            "select load_id, held_reason from raw.loads where state = 'held'"
        ).fetchall()
        assert held[0] == load_id
        assert "after its receipt" in held[1]
        recorded = connection.execute(
            "select count(*) from ops.quality_results"
            " where run_id = %s and severity = 'blocking' and not is_success",
            (report.domains[0].run_id,),
        ).fetchone()
    assert alert.condition == "gate:raw"
    assert recorded == (1,)


def test_marts_that_the_expectations_refuse_are_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{"user_id": "fine", "occurred_at": NOON}])
    run(["all"], settings=settings, trigger="test").raise_for_state()
    before = all_marts(warehouse)

    land(warehouse, [{"user_id": "fine", "occurred_at": NOON + timedelta(minutes=5)}])
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        # a day that no event accounts for, as a fault in a model would make it
        connection.execute(
            "insert into intermediate.int_daily"
            " select (now() + interval '400 days')::date as occurred_date,"
            + ", ".join(_daily_columns(warehouse)[1:])
            + " from intermediate.int_daily limit 1"
        )
        # ... and which contradicts nothing that the models themselves hold
        connection.execute(
            "update intermediate.int_daily set new_users = 0, active_users = 0"
            " where occurred_date > now()"
        )
    report = run(["daily"], settings=settings, trigger="test")

    assert report.domains[1].state == "held"
    assert all_marts(warehouse) == before
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert [alert.condition for alert in open_alerts(connection)] == ["gate:daily"]


def _daily_columns(warehouse: Warehouse) -> list[str]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        rows = connection.execute(
            "select column_name from information_schema.columns"
            " where table_schema = 'intermediate' and table_name = 'int_daily'"
            " order by ordinal_position"
        ).fetchall()
    return [row[0] for row in rows]
