"""Marts that say another number than what has landed are an alert; what is under way is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.alert_checks import CHECKS, check_alerts
from pipeline.alerts import Alert, open_alerts
from pipeline.health_figures import health_figures
from pipeline.runs import run
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def look(warehouse: Warehouse, settings: Settings) -> list[Alert]:
    checks = [check for check in CHECKS if check.name == "metrics_accuracy"]
    check_alerts(settings, checks=checks)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return open_alerts(connection)


def test_m8_figures_that_differ_from_what_landed_are_an_alert_until_they_do_not(
    warehouse: Warehouse, settings: Settings, gates: GivenGates
) -> None:
    def build() -> None:
        run(["daily"], settings=settings, trigger="test", gates=gates).raise_for_state()

    land(warehouse, [{"occurred_at": YESTERDAY}] * 5)
    assert look(warehouse, settings) == []  # there are no marts yet
    build()
    assert look(warehouse, settings) == []

    land(warehouse, [{"occurred_at": YESTERDAY}] * 3)
    assert look(warehouse, settings) == []  # those three wait
    build()
    for figure in (6, 9):
        with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
            connection.execute(
                "update marts.daily_analytics set events = %s where date = %s",
                (figure, YESTERDAY.date()),
            )
        [alert] = look(warehouse, settings)
        accuracy = health_figures(settings).accuracy_percent
        assert accuracy == {6: 75, 9: 87.5}[figure]
        assert alert.summary == (
            f"of {YESTERDAY:%Y-%m-%d} {figure} events are published, and 8 have landed"
        )

    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update marts.daily_analytics set events = 8")
    assert look(warehouse, settings) == []
