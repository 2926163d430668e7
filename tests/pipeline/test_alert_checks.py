"""Each alert of the checks is provoked, and goes by itself when its condition ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.alert_checks import CHECKS, CheckFailedError, check_alerts
from pipeline.alerts import Alert, open_alerts
from pipeline.checks.arrivals import missing_records
from pipeline.checks.findings import Check
from pipeline.health_figures import health_figures
from pipeline.observations import observe_loads
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, free_port
from tests.ingestion.proxy import proxy_before
from tests.rows import event, land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOW = datetime(2026, 3, 10, 14, 10, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LAST_HOUR = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)

Look = Callable[..., list[Alert]]


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    with connect(module_warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "truncate raw.events, raw.event_ids, raw.loads, raw.quarantine, ops.alerts,"
            " ops.notifications, ops.event_hours, ops.field_days, ops.runs, ops.domain_progress"
        )
    return module_warehouse


@pytest.fixture
def settings(warehouse: Warehouse) -> Settings:
    nowhere = f"http://127.0.0.1:{free_port()}"
    return Settings(
        transform_dsn=warehouse.dsn(Role.TRANSFORM),
        ingestion_url=nowhere,
        serving_url=nowhere,
        airflow_url=nowhere,
    )


@pytest.fixture
def look(warehouse: Warehouse, settings: Settings) -> Look:
    """Checks for one condition, and returns the alerts that are then live."""

    def look_for(name: str, now: datetime = NOW, **changes: object) -> list[Alert]:
        check_alerts(
            settings.model_copy(update=changes),
            now=now,
            checks=[check for check in CHECKS if check.name == name],
        )
        with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
            return open_alerts(connection)

    return look_for


def views(count: int, occurred_at: datetime) -> list[dict[str, object]]:
    return [{"occurred_at": occurred_at} for _ in range(count)]


def requests(
    endpoint: str, milliseconds: list[int], occurred_at: datetime
) -> list[dict[str, object]]:
    return [
        {
            "category": "system",
            "event_type": "api_request",
            "entity_type": "endpoint",
            "entity_id": endpoint,
            "occurred_at": occurred_at,
            "properties": {"response_time_ms": one},
        }
        for one in milliseconds
    ]


def test_m8_a_high_error_rate_is_an_alert_until_it_falls(warehouse: Warehouse, look: Look) -> None:
    received = NOW - timedelta(minutes=5)
    land(warehouse, views(90, received), received_at=received, quarantined=10)
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "insert into raw.quarantine (load_id, received_at, source, reason, message, payload)"
            " select 1, %s, 'shop', 'unknown_event_type', '', '' from generate_series(1, 10)",
            (received,),
        )
    [alert] = look("error_rate")
    assert (alert.condition, alert.severity) == ("error_rate", "critical")
    assert "10 of 100 events of the last 15 minutes (10 %)" in alert.summary
    assert alert.detail == {"reasons": {"shop: unknown_event_type": 10}}
    assert look("error_rate", alert_error_percent=10.0) == []
    assert len(look("error_rate")) == 1
    assert look("error_rate", NOW + HOUR) == []


def test_a_few_failed_attempts_of_a_few_are_no_error_rate(warehouse: Warehouse, look: Look) -> None:
    land(warehouse, views(10, NOW), received_at=NOW, quarantined=5)
    assert look("error_rate") == []


def test_m8_records_that_the_ledger_has_and_raw_has_not_are_an_alert(
    warehouse: Warehouse, look: Look
) -> None:
    lost = event()
    received = NOW - timedelta(minutes=30)
    load_id = land(warehouse, [event(), lost], received_at=received)
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("delete from raw.events where event_id = %s", (lost["event_id"],))
    assert look("missing_records", received + timedelta(minutes=5)) == []
    [alert] = look("missing_records")
    assert alert.detail == {"loads": [load_id]}
    assert "1 loads with 2 events" in alert.summary
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("update raw.loads set stored = 1, received = 1")
    assert look("missing_records") == []


def test_records_that_are_only_not_counted_yet_are_not_missing(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{}, {}], received_at=NOW - DAY)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert list(missing_records(connection, settings, NOW)) == []


def test_a_load_whose_events_are_missing_keeps_no_other_from_being_counted(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{}, {}], received_at=NOW - 30 * DAY)
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("delete from raw.events")
    land(warehouse, [{}], received_at=NOW - 2 * DAY)
    land(warehouse, [{}, {}], received_at=NOW)
    assert observe_loads(settings) == 3
    assert observe_loads(settings) == 0


def test_m8_a_database_that_is_slow_to_commit_is_an_alert(
    warehouse: Warehouse, postgres: EmbeddedPostgres, look: Look
) -> None:
    assert look("database_latency") == []
    with proxy_before(postgres.port) as proxy:
        slow = warehouse.dsn(Role.TRANSFORM).replace(f":{postgres.port}/", f":{proxy.port}/")
        proxy.delay_seconds = 0.05
        [alert] = look("database_latency", transform_dsn=slow, alert_database_ms=80.0)
    assert "a commit took" in alert.summary
    assert look("database_latency") == []


def test_t12_a_mean_response_over_a_second_in_five_minutes_is_an_alert(
    warehouse: Warehouse, look: Look
) -> None:
    at = NOW - timedelta(minutes=3)
    land(
        warehouse,
        [
            *requests("/checkout", [400, 900, 2000], at),
            *requests("/home", [100, 1500], at),
            *requests("/old", [9000], NOW - timedelta(minutes=8)),
        ],
        received_at=at,
    )
    [alert] = look("response_time")
    assert alert.condition == "response_time:/checkout"
    assert "/checkout took 1,100 ms on average over 3 requests" in alert.summary
    assert look("response_time", alert_response_ms=1200.0) == []


def test_each_slow_endpoint_has_an_alert_and_each_goes_by_itself(
    warehouse: Warehouse, look: Look
) -> None:
    for minutes, endpoint in ((4, "/a"), (1, "/b")):
        at = NOW - timedelta(minutes=minutes)
        land(warehouse, requests(endpoint, [3000], at), received_at=at)
    names = ["response_time:/a", "response_time:/b"]
    assert sorted(alert.condition for alert in look("response_time")) == names
    later = look("response_time", NOW + timedelta(minutes=2))
    assert [(alert.condition, alert.occurrences) for alert in later] == [("response_time:/b", 2)]


def test_t12_events_down_by_more_than_half_against_the_day_before_are_an_alert(
    warehouse: Warehouse, look: Look
) -> None:
    land(warehouse, [*views(200, LAST_HOUR - DAY), *views(99, LAST_HOUR)], received_at=NOW)
    [alert] = look("events_dropped")
    assert "99 events in the last full hour, 50.5 % fewer than the 200" in alert.summary
    land(warehouse, views(1, LAST_HOUR), received_at=NOW)
    assert look("events_dropped") == []
    assert len(look("events_dropped", alert_drop_percent=40.0)) == 1


def test_a_quiet_weekday_is_no_drop(warehouse: Warehouse, look: Look) -> None:
    land(
        warehouse,
        [*views(60, LAST_HOUR - 7 * DAY), *views(200, LAST_HOUR - DAY), *views(50, LAST_HOUR)],
        received_at=NOW,
    )
    assert look("events_dropped") == []


def test_where_an_hour_has_too_few_events_days_are_compared(
    warehouse: Warehouse, look: Look
) -> None:
    spread = [event(occurred_at=LAST_HOUR - DAY - HOUR * (n % 20)) for n in range(120)]
    land(warehouse, [*spread, *views(30, LAST_HOUR)], received_at=NOW)
    [alert] = look("events_dropped")
    assert "30 events in the last full day, 75.0 % fewer than the 120" in alert.summary


def test_e11_events_that_wait_to_be_processed_are_an_alert(
    warehouse: Warehouse, look: Look
) -> None:
    land(warehouse, views(3, NOW), received_at=NOW - timedelta(hours=3))
    [alert] = look("loads_waiting")
    assert "3 events of 1 loads have waited since 2026-03-10 11:10 UTC" in alert.summary
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update raw.loads set state = 'settled'")
    assert look("loads_waiting") == []


def test_e11_marts_that_do_not_follow_are_an_alert_for_each_domain(
    warehouse: Warehouse, look: Look
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        row = connection.execute(
            "insert into ops.runs (domain, trigger, is_full_refresh, state, finished_at)"
            " values ('core', 'test', false, 'succeeded', %s) returning run_id",
            (NOW - timedelta(hours=5),),
        ).fetchone()
        assert row is not None
        connection.execute(
            "insert into ops.domain_progress (domain, core_run_id)"
            " select domain, %s from unnest(array['daily', 'user']) as known (domain)",
            row,
        )
    late = {alert.condition for alert in look("marts_late")}
    assert {"marts_late:product", "marts_late:system"} <= late
    assert not {"marts_late:daily", "marts_late:user"} & late
    assert look("marts_late", NOW - timedelta(hours=4)) == []


class _Health(BaseHTTPRequestHandler):
    answer = (200, b"{}")

    def do_GET(self) -> None:
        status, body = type(self).answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def service(status: int, body: bytes) -> Iterator[str]:
    """Run a service that answers so; yields its URL."""
    handler = type("Handler", (_Health,), {"answer": (status, body)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()


def test_e11_a_dependency_that_is_down_is_an_alert(look: Look) -> None:
    airflow = b'{"metadatabase": {"status": "healthy"}, "triggerer": {"status": null},'
    airflow += b' "scheduler": {"status": "unhealthy"}}'
    spooling = b'{"status": "degraded", "dependencies": {"keys": {"status": "healthy"},'
    spooling += b' "spool": {"status": "waiting", "reason": "events wait for Postgres"}}}'
    with service(200, spooling) as ingestion, service(200, airflow) as scheduler:
        alerts = look("dependency", ingestion_url=ingestion, airflow_url=scheduler)
    assert {alert.condition: (alert.severity, alert.summary) for alert in alerts} == {
        "dependency:serving": ("critical", "serving is down: no answer (ConnectError)"),
        "dependency:ingestion": (
            "warning",
            "ingestion is not well: spool: events wait for Postgres",
        ),
        "dependency:airflow": ("warning", "airflow is not well: scheduler: unhealthy"),
    }
    with (
        service(200, b'{"status": "ready", "checks": {"database": "ok"}}') as serving,
        service(503, b'{"status": "unhealthy", "dependencies": {}}') as ingestion,
    ):
        alerts = look(
            "dependency", ingestion_url=ingestion, serving_url=serving, airflow_url=serving
        )
    assert [(alert.condition, alert.severity, alert.summary) for alert in alerts] == [
        ("dependency:ingestion", "critical", "ingestion is down: status 503")
    ]


def test_m8_the_figures_of_health_say_what_comes_in_and_what_fails(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, views(27, NOW), received_at=NOW - timedelta(minutes=1), quarantined=3)
    figures = health_figures(settings, now=NOW)
    assert (figures.events_per_minute, figures.failed_percent) == (2, 10)
    assert 0 < figures.commit_ms < 10_000
    assert figures.accuracy_percent is None
    assert health_figures(settings, now=NOW + HOUR).failed_percent is None


def test_a_check_that_cannot_be_carried_out_keeps_no_other_from_looking(
    warehouse: Warehouse, settings: Settings
) -> None:
    def broken(*_: object) -> Iterator[None]:
        raise RuntimeError("no such thing")

    land(warehouse, views(3, NOW), received_at=NOW - timedelta(hours=3))
    waiting = next(check for check in CHECKS if check.name == "loads_waiting")
    with pytest.raises(CheckFailedError, match="broken"):
        check_alerts(
            settings,
            now=NOW,
            checks=[Check("broken", broken), waiting],  # type: ignore[arg-type]
        )
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert [alert.condition for alert in open_alerts(connection)] == ["loads_waiting"]


def test_an_empty_warehouse_has_nothing_wrong_but_what_does_not_answer(
    settings: Settings,
) -> None:
    assert sorted(check_alerts(settings)) == [
        "dependency:airflow",
        "dependency:ingestion",
        "dependency:serving",
    ]


def test_each_load_is_counted_once_however_often_it_is_looked_at(
    warehouse: Warehouse, settings: Settings
) -> None:
    at = datetime(2026, 3, 10, 13, 59, 59, tzinfo=UTC)
    land(warehouse, [*views(2, at), *views(1, at + timedelta(seconds=1))])
    assert observe_loads(settings) == 3
    land(warehouse, views(4, at))
    assert observe_loads(settings) == 4
    assert observe_loads(settings) == 0
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        rows = connection.execute("select hour, events from ops.event_hours order by 1").fetchall()
    assert rows == [
        (at.replace(minute=0, second=0), 6),
        (at.replace(hour=14, minute=0, second=0), 1),
    ]


def test_fields_and_errors_are_counted_without_what_only_one_event_says(
    warehouse: Warehouse, settings: Settings
) -> None:
    errors: list[dict[str, object]] = [
        {
            "category": "system",
            "event_type": "error",
            "properties": {"message": f"user {n} (u{n}@x.org) is gone", "code": n, "url": None},
        }
        for n in range(3)
    ]
    land(warehouse, errors)
    observe_loads(settings)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        hours = connection.execute("select subject, events from ops.event_hours").fetchall()
        fields = connection.execute("select field, kind, events from ops.field_days").fetchall()
    assert hours == [("user # # is gone", 3)]
    assert sorted(fields) == [
        ("*", "event", 3),
        ("properties.code", "number", 3),
        ("properties.message", "string", 3),
        ("user_id", "string", 3),
    ]
