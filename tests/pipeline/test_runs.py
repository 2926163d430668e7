"""One run: what it publishes, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pipeline import loads
from pipeline.alerts import open_alerts
from pipeline.domains import UnknownDomainError, mart_domains
from pipeline.runs import run
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, Run, all_marts, mart
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
PROJECT = os.getcwd()


def test_a_day_shows_what_happened_on_it(warehouse: Warehouse, run_all: Run) -> None:
    land(
        warehouse,
        [
            {"user_id": "u1", "occurred_at": NOON},
            {"user_id": "u1", "occurred_at": NOON + timedelta(minutes=10)},
            {"user_id": None, "anonymous_id": "a1", "occurred_at": NOON},
            {"user_id": None, "category": "system", "event_type": "api_request",
             "occurred_at": NOON, "properties": {"response_time_ms": 30}},
            {"user_id": None, "category": "system", "event_type": "error", "occurred_at": NOON},
        ],
    )  # fmt: skip
    run_all()
    columns = (
        "date, active_users, new_users, total_users, sessions, page_views, events, api_requests,"
        " error_count, avg_response_time, avg_session_duration, bounce_rate"
    )
    assert mart(warehouse, "daily_analytics", columns) == [
        (NOON.date(), 2, 2, 2, 2, 3, 5, 1, 1, Decimal("30.0"), Decimal("300.0"), Decimal("50.0"))
    ]


def test_days_without_events_are_shown_as_zero(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{"occurred_at": NOON}, {"occurred_at": NOON + timedelta(days=2)}])
    run_all()
    assert mart(warehouse, "daily_analytics", "date, events, active_users, total_users") == [
        (NOON.date(), 1, 1, 1),
        (NOON.date() + timedelta(days=1), 0, 0, 1),
        (NOON.date() + timedelta(days=2), 1, 1, 1),
    ]


def test_product_rates_are_those_of_the_marketplace(warehouse: Warehouse, run_all: Run) -> None:
    counts = {"view": 150, "click": 45, "favorite": 12, "unfavorite": 2, "cart_add": 8}
    land(
        warehouse,
        [
            {"category": "product", "event_type": action, "entity_type": "product",
             "entity_id": "p1", "properties": {"product_name": "Product Name"}}
            for action, count in counts.items()
            for _ in range(count)
        ],
    )  # fmt: skip
    run_all()
    columns = (
        "product_name, total_views, total_clicks, total_favorites, total_cart_additions,"
        " view_to_click_rate, click_to_cart_rate, cart_to_purchase_rate"
    )
    assert mart(warehouse, "product_metrics", columns) == [
        ("Product Name", 150, 45, 10, 8, Decimal("30.0"), Decimal("17.8"), Decimal("0.0"))
    ]


def test_a_run_with_nothing_new_writes_nothing(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{}])
    run_all()
    report = run_all()
    assert {domain.state for domain in report.domains} == {"current"}
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        runs = connection.execute("select count(*) from ops.runs").fetchone()
    assert runs == (1 + len(mart_domains()),)


def test_a_run_touches_only_the_rows_that_changed(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{"user_id": f"u{number}"} for number in range(20)])
    run_all()
    land(warehouse, [{"user_id": "u7", "occurred_at": NOON + timedelta(days=1)}])
    rows = {domain.domain: domain.rows for domain in run_all().domains}
    assert rows["user"] == {
        "retention_cohorts": 2,
        "sessions": 1,
        "user_analytics": 1,
        "user_behavior_daily": 1,
        "user_daily": 1,
        "user_journeys": 0,
    }
    assert rows["daily"] == {"daily_analytics": 1, "monthly_analytics": 1, "weekly_analytics": 1}


def test_refused_loads_are_held_and_the_marts_stay(
    warehouse: Warehouse, run_all: Run, gates: GivenGates
) -> None:
    land(warehouse, [{}])
    run_all()
    before = all_marts(warehouse)
    land(warehouse, [{"user_id": "odd"}])
    gates.loads = ("half of the events are odd",)
    report = run_all(may_fail=True)
    assert report.domains[0].state == "held"
    assert all_marts(warehouse) == before
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        (alert,) = open_alerts(connection)
    assert alert.condition == "gate:raw"
    assert "half of the events are odd" in alert.summary

    gates.loads = ()
    land(warehouse, [{"user_id": "fine"}])
    run_all()
    assert mart(warehouse, "user_analytics", "user_id") == [("fine",), ("v1",)]


def test_the_alert_on_held_loads_is_open_until_they_are_released(
    warehouse: Warehouse, run_all: Run, gates: GivenGates
) -> None:
    land(warehouse, [{"user_id": "odd"}])
    gates.loads = ("half of the events are odd",)
    run_all(may_fail=True)
    gates.loads = ()
    land(warehouse, [{}])
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert [alert.condition for alert in open_alerts(connection)] == ["gate:raw"]
        loads.release(connection)
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert open_alerts(connection) == []


def test_refused_candidates_are_not_published_and_an_alert_is_open_until_they_are(
    warehouse: Warehouse, run_all: Run, gates: GivenGates
) -> None:
    land(warehouse, [{}])
    run_all()
    before = all_marts(warehouse)
    land(warehouse, [{"user_id": "new"}])
    gates.candidates = {"daily": ("active_users is above total_users",)}
    run_all(may_fail=True)
    report = run_all(may_fail=True)
    assert {d.domain: d.state for d in report.domains}["daily"] == "held"
    assert mart(warehouse, "daily_analytics") == before["daily_analytics"]
    assert len(mart(warehouse, "user_analytics")) == 2
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        (alert,) = open_alerts(connection)
    assert (alert.condition, alert.occurrences) == ("gate:daily", 2)

    gates.candidates = {}
    run_all()
    assert mart(warehouse, "daily_analytics", "total_users") == [(2,)]
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert open_alerts(connection) == []


def test_an_unknown_domain_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(UnknownDomainError, match=r"unknown domain dayly: choose from core, "):
        run(["dayly"], settings=settings, trigger="test")


def test_a_run_with_nothing_to_do_imports_neither_dbt_nor_great_expectations(
    warehouse: Warehouse,
) -> None:
    script = (
        "import sys; from pipeline.runs import run; from warehouse.settings import load_settings;"
        "assert run(['all'], settings=load_settings(), trigger='test').is_success;"
        "assert not {'dbt', 'great_expectations', 'pandas', 'airflow'} & set(sys.modules)"
    )
    environment = {**os.environ, "FOOTFALL_TRANSFORM_DSN": warehouse.dsn(Role.TRANSFORM)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=PROJECT)


RUN_ALL = (
    "from pipeline.runs import run; from tests.pipeline.conftest import GivenGates;"
    "from warehouse.settings import load_settings;"
    "run(['all'], settings=load_settings(), trigger='test', gates=GivenGates()).raise_for_state()"
)


def start_run(warehouse: Warehouse, home: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "FOOTFALL_TRANSFORM_DSN": warehouse.dsn(Role.TRANSFORM),
        "FOOTFALL_HOME": home,
    }
    return subprocess.Popen([sys.executable, "-c", RUN_ALL], env=environment, cwd=PROJECT)


def test_two_runs_at_once_wait_for_one_another(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, run_all: Run
) -> None:
    land(warehouse, [{"user_id": f"u{number}"} for number in range(50)])
    homes = [str(tmp_path_factory.mktemp("run")) for _ in range(2)]
    runs = [start_run(warehouse, home) for home in homes]
    assert [one.wait(120) for one in runs] == [0, 0]
    incremental = all_marts(warehouse)
    run_all(full_refresh=True)
    assert all_marts(warehouse) == incremental
    assert len(incremental["user_analytics"]) == 50


def test_a_killed_run_leaves_no_lock_and_its_loads_to_the_next(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, run_all: Run
) -> None:
    home = str(tmp_path_factory.mktemp("run"))
    land(warehouse, [{"user_id": "u1"}])
    run_all()
    land(warehouse, [{"user_id": f"u{number}"} for number in range(200)])
    victim = start_run(warehouse, home)
    with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
        wait_for = "select exists (select from raw.loads where state = 'admitted')"
        deadline = time.monotonic() + 60
        while connection.execute(wait_for.encode()).fetchone() != (True,):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    time.sleep(0.5)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    run_all()
    incremental = all_marts(warehouse)
    run_all(full_refresh=True)
    assert all_marts(warehouse) == incremental
    assert len(incremental["user_analytics"]) == 200
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        reasons = connection.execute(
            "select detail ->> 'reason' from ops.runs where state = 'failed'"
        ).fetchall()
    assert reasons == [("the process ended without a word",)]
