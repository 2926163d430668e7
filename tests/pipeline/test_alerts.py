"""Alerts: one live alert for each condition, from opening to resolution."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.alerts import acknowledge_alert, open_alerts, raise_alert, resolve_alert
from tests.conftest import Warehouse
from warehouse.connections import Connection, connect
from warehouse.roles import Role


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
        yield connection


def test_an_alert_opens_with_what_was_said(connection: Connection) -> None:
    alert = raise_alert(connection, "gate:raw", "critical", "3 loads are held", {"run_id": 7})
    assert (alert.state, alert.occurrences) == ("opened", 1)
    assert open_alerts(connection) == [alert]
    assert (alert.condition, alert.severity, alert.summary, alert.detail) == (
        "gate:raw",
        "critical",
        "3 loads are held",
        {"run_id": 7},
    )


def test_a_condition_seen_again_counts_up_the_live_alert(connection: Connection) -> None:
    first = raise_alert(connection, "gate:raw", "warning", "1 load is held", {"run_id": 1})
    second = raise_alert(connection, "gate:raw", "critical", "2 loads are held", {"run_id": 2})
    assert second.alert_id == first.alert_id
    assert second.occurrences == 2
    assert second.opened_at == first.opened_at
    assert second.last_seen_at > first.last_seen_at
    assert (second.severity, second.summary, second.detail) == (
        "critical",
        "2 loads are held",
        {"run_id": 2},
    )


def test_conditions_have_alerts_of_their_own(connection: Connection) -> None:
    raise_alert(connection, "gate:daily", "warning", "a")
    raise_alert(connection, "run:core", "critical", "b")
    assert [alert.condition for alert in open_alerts(connection)] == ["run:core", "gate:daily"]


def test_an_acknowledged_alert_stays_so_when_it_is_seen_again(connection: Connection) -> None:
    raise_alert(connection, "run:core", "critical", "core failed")
    assert acknowledge_alert(connection, "run:core")
    assert not acknowledge_alert(connection, "run:core")
    alert = raise_alert(connection, "run:core", "critical", "core failed")
    assert alert.state == "acknowledged"
    assert alert.acknowledged_at is not None


def test_a_resolved_alert_is_closed_and_a_new_one_opens(connection: Connection) -> None:
    first = raise_alert(connection, "run:core", "critical", "core failed")
    assert resolve_alert(connection, "run:core")
    assert open_alerts(connection) == []
    assert not resolve_alert(connection, "run:core")
    second = raise_alert(connection, "run:core", "critical", "core failed")
    assert second.alert_id != first.alert_id
    assert (second.state, second.occurrences) == ("opened", 1)


def test_a_condition_raised_from_many_sides_at_once_has_one_alert(warehouse: Warehouse) -> None:
    def raise_often(_: int) -> None:
        with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
            for _ in range(10):
                raise_alert(connection, "gate:raw", "critical", "held")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(raise_often, range(4)))
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert [alert.occurrences for alert in open_alerts(connection)] == [40]


def test_raising_and_resolving_at_once_leaves_at_most_one_live_alert(warehouse: Warehouse) -> None:
    def flicker(worker: int) -> None:
        with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
            for _ in range(20):
                if worker % 2:
                    resolve_alert(connection, "gate:raw")
                else:
                    raise_alert(connection, "gate:raw", "critical", "held")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(flicker, range(4)))
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        raised = connection.execute("select sum(occurrences) from ops.alerts").fetchone()
        assert raised == (40,)
        assert len(open_alerts(connection)) <= 1
