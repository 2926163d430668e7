"""What is amiss against the last weeks is an alert, until it is as usual again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from expectations import site
from pipeline.alerts import Alert, open_alerts
from pipeline.quality import check_quality, warn_of_signs
from tests.conftest import Warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOW = datetime(2026, 3, 10, 14, 10, tzinfo=UTC)


def live(warehouse: Warehouse) -> list[Alert]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return open_alerts(connection)


def test_a_quiet_source_is_an_alert_until_it_sends_again(
    warehouse: Warehouse, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "publish", lambda *_: None)
    settings = settings.model_copy(update={"home": tmp_path})
    for week in (1, 2, 3):
        at = NOW - timedelta(days=7 * week, hours=1)
        for source in ("shop", "app"):
            land(warehouse, [{"source": source, "occurred_at": at}] * 50)
    land(warehouse, [{"source": "shop", "occurred_at": NOW - timedelta(hours=1)}] * 50)

    assert check_quality(settings, now=NOW) == ["source_quiet:app"]

    [alert] = live(warehouse)
    assert (alert.condition, alert.severity) == ("source_quiet:app", "warning")
    assert alert.summary.startswith("nothing came from app in the last 3 hours; at this time")
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        failed = connection.execute(
            "select suite, severity, observed ->> 'rule' from ops.quality_results"
            " where not is_success"
        ).fetchall()
    sentence = "every source sends as it did at the same time of the last weeks"
    assert failed == [("raw.history", "warning", sentence)]

    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "update ops.event_hours set source = 'app', hour = %s where source = 'shop'"
            " and hour > %s",
            (NOW.replace(hour=13, minute=0), NOW - timedelta(hours=3)),
        )
    assert warn_of_signs(settings, NOW) == ["source_quiet:shop"]
    assert [alert.condition for alert in live(warehouse)] == ["source_quiet:shop"]
