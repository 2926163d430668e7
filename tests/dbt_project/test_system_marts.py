"""The marts about systems: endpoints and metrics by the hour, errors, and the quality of data."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.dbt_project.conftest import build
from tests.pipeline.conftest import fresh_warehouse, mart
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
SETTLED, OPEN, GONE = (uuid.UUID(int=number) for number in (1, 2, 3))


def telemetry(event_type: str, minutes: float = 0, **fields: object) -> dict[str, object]:
    return {
        "category": "system",
        "event_type": event_type,
        "user_id": None,
        "occurred_at": NOON + timedelta(minutes=minutes),
        **fields,
    }


def request(endpoint: str, minutes: float, **properties: object) -> dict[str, object]:
    return telemetry(
        "api_request",
        minutes,
        entity_type="endpoint",
        entity_id=endpoint,
        properties=properties,
    )


def about(error: uuid.UUID, event_type: str, minutes: float) -> dict[str, object]:
    return telemetry(event_type, minutes, entity_type="error", entity_id=str(error).upper())


REQUESTS = [
    request("/api/v1/events", 0, response_time_ms=245, status_code=200),
    request("/api/v1/events", 30, response_time_ms=255, status_code=404),
    request("/api/v1/events", 59, response_time_ms=2000, status_code=500, error_message="timeout"),
    request("/api/v1/events", 60, error_message="timeout"),
]
METRICS = [
    telemetry("metric", minutes, entity_type="metric", entity_id="cpu_usage", value=Decimal(value))
    for minutes, value in ((0, "42.5"), (10, "80"), (59.99, "50"))
]
ERRORS = [
    telemetry("error", event_id=SETTLED, user_id="u1", properties={"message": "Unhandled"}),
    telemetry("error", event_id=OPEN, properties={"level": "critical", "message": "Disk full"}),
    telemetry("error", event_id=GONE, properties={"level": "error", "message": "Unhandled"}),
]
DAY = 24 * 60
DEALT_WITH = [
    about(SETTLED, "error_resolved", 2 * DAY),
    about(OPEN, "error_resolved", 2 * DAY),
    about(OPEN, "error_reopened", 2 * DAY + 1),
    about(GONE, "error_deleted", 2 * DAY),
]


@pytest.fixture(scope="module")
def systems(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    # what was done about the errors arrives before the errors do
    build(warehouse, "system", [*REQUESTS[2:], *METRICS[1:], *DEALT_WITH])
    build(warehouse, "system", [*REQUESTS[:2], *METRICS[:1], *ERRORS])
    return warehouse


def test_an_endpoint_shows_its_times_and_failures_by_the_hour(systems: Warehouse) -> None:
    columns = (
        "endpoint, hour, request_count, avg_response_time, p50_response_time, p95_response_time,"
        " p99_response_time, error_count, server_error_count, error_rate"
    )
    assert mart(systems, "endpoint_performance_hourly", columns) == [
        (
            "/api/v1/events", NOON, 3, Decimal("833.3"), Decimal("255.0"), Decimal("1825.5"),
            Decimal("1965.1"), 2, 1, Decimal("66.7"),
        ),
        (
            "/api/v1/events", NOON + timedelta(hours=1), 1, None, None, None,
            None, 1, 0, Decimal("100.0"),
        ),
    ]  # fmt: skip


def test_a_metric_shows_its_range_by_the_hour(systems: Warehouse) -> None:
    columns = "metric_type, hour, measurements, avg_value, min_value, max_value, last_value"
    assert mart(systems, "system_metrics_hourly", columns) == [
        ("cpu_usage", NOON, 3, Decimal("57.5"), Decimal("42.5"), 80, 50)
    ]


def test_an_error_is_resolved_reopened_and_deleted_by_later_events(systems: Warehouse) -> None:
    columns = "error_id, level, message, user_id, is_resolved, resolved_at, times_reopened"
    assert mart(systems, "errors", columns) == [
        (str(SETTLED), "error", "Unhandled", "u1", True, NOON + timedelta(days=2), 0),
        (str(OPEN), "critical", "Disk full", None, False, None, 1),
    ]


def test_days_without_errors_are_zero_and_deleted_errors_still_count(systems: Warehouse) -> None:
    columns = (
        "level, date, error_count, distinct_messages, affected_visitors, resolved, reopened,"
        " deleted, avg_seconds_to_resolution"
    )
    two_days = Decimal(2 * DAY * 60)
    assert mart(systems, "errors_daily", columns) == [
        ("critical", date(2024, 6, 3), 1, 1, 0, 0, 0, 0, None),
        ("critical", date(2024, 6, 4), 0, 0, 0, 0, 0, 0, None),
        ("critical", date(2024, 6, 5), 0, 0, 0, 1, 1, 0, two_days),
        ("error", date(2024, 6, 3), 2, 1, 1, 0, 0, 0, None),
        ("error", date(2024, 6, 4), 0, 0, 0, 0, 0, 0, None),
        ("error", date(2024, 6, 5), 0, 0, 0, 1, 0, 1, two_days),
    ]


def test_the_quality_of_a_day_is_that_of_the_ledger_and_of_the_gates(warehouse: Warehouse) -> None:
    long_ago = datetime(2024, 6, 3, 12, tzinfo=UTC)
    land(warehouse, [{}], received_at=long_ago, duplicate=1, quarantined=1, suppressed=1)
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "insert into raw.quarantine (load_id, received_at, source, reason, message, payload)"
            " select load_id, received_at, 'test', 'missing_field', 'no entity_id', '{}'"
            " from raw.loads"
        )
        connection.execute(
            "insert into raw.suppressions select load_id, 'test', 'no_consent', 1 from raw.loads"
        )
        connection.execute(
            "insert into ops.quality_results (checked_at, suite, expectation, severity, is_success)"
            " values (%s, 'raw.events', 'a', 'blocking', false),"
            " (%s, 'raw.events', 'b', 'warning', true)",
            (long_ago + timedelta(days=2),) * 2,
        )
    build(warehouse, "system", [{}])
    columns = (
        "date, loads, received, stored, duplicate_rate, quarantined, quarantine_reasons,"
        " suppression_reasons, open_quarantine, expectations_checked, expectations_failed"
    )
    days = mart(warehouse, "data_quality_daily", columns)
    assert days[:3] == [
        (
            date(2024, 6, 3), 1, 4, 1, Decimal("25.0"), 1, {"missing_field": 1},
            {"no_consent": 1}, 1, 0, 0,
        ),
        (date(2024, 6, 4), 0, 0, 0, Decimal("0.0"), 0, {}, {}, 0, 0, 0),
        (date(2024, 6, 5), 0, 0, 0, Decimal("0.0"), 0, {}, {}, 0, 2, 1),
    ]  # fmt: skip
    received = sum(day[2] for day in days)

    build(warehouse, "system", [{}, {}])

    again = mart(warehouse, "data_quality_daily", columns)
    assert again[:-1] == days[:-1]
    assert sum(day[2] for day in again) == received + 2
