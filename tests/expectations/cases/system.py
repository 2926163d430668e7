"""The marts about systems: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, NOON, Cases

ENDPOINTS = (
    {
        "endpoint": "/a",
        "hour": NOON,
        "date": MONDAY,
        "request_count": 4,
        "avg_response_time": 30,
        "p50_response_time": 20,
        "p95_response_time": 60,
        "p99_response_time": 80,
        "max_response_time": 90,
        "error_count": 2,
        "server_error_count": 1,
        "error_rate": 50,
    },
)
METRICS = (
    {
        "metric_type": "cpu_usage",
        "hour": NOON,
        "date": MONDAY,
        "measurements": 2,
        "avg_value": 0,
        "min_value": -5,
        "max_value": 5,
        "recorded_at": NOON,
    },
)
ERRORS = (
    {"error_id": "e1", "level": "error", "created_at": NOON, "date": MONDAY},
    {
        "error_id": "e2",
        "level": "info",
        "created_at": NOON,
        "date": MONDAY,
        "is_resolved": True,
        "resolved_at": NOON + timedelta(days=1),
    },
)
ERROR_DAYS = (
    {
        "date": MONDAY,
        "level": "error",
        "error_count": 2,
        "distinct_messages": 1,
        "affected_visitors": 2,
        "avg_seconds_to_resolution": None,
    },
    {"date": MONDAY + timedelta(1), "level": "error", "resolved": 1},
)
QUALITY_DAYS = (
    {
        "date": MONDAY,
        "loads": 2,
        "received": 100,
        "stored": 90,
        "duplicate": 8,
        "quarantined": 1,
        "suppressed": 1,
        "duplicate_rate": 8,
        "quarantine_rate": 1,
    },
    {"date": MONDAY + timedelta(1)},
)
CASES = Cases(
    rows={
        "endpoint_performance_hourly": ENDPOINTS,
        "system_metrics_hourly": METRICS,
        "errors": ERRORS,
        "errors_daily": ERROR_DAYS,
        "data_quality_daily": QUALITY_DAYS,
    },
    # metrics may be below zero; by its clock an error may be settled before it occurred
    signed=frozenset(
        {
            *("avg_value", "min_value", "max_value", "last_value"),
            *("avg_seconds_to_resolution", "received"),
        }
    ),
    defects=[
        (
            "endpoint_performance_hourly",
            "request_count = 0, error_rate = 101, server_error_count = 3, p50_response_time = 70,"
            " p99_response_time = 50, hour = now() + interval '1 day', date = current_date + 2",
            [
                "request_count is at least 1",
                "error_rate is at least 0",
                "error_count is never greater than request_count",
                "server_error_count is never greater than error_count",
                "p50_response_time is never greater",
                "p95_response_time is never greater",
                "no hour is in the future",
                "no date is in the future",
            ],
        ),
        (
            "system_metrics_hourly",
            "measurements = 0, min_value = 1, max_value = -1,"
            " recorded_at = now() + interval '1 day'",
            ["measurements is at least 1", "min_value is", "avg_value is", "of the future"],
        ),
        (
            "errors",
            "error_id = 'e1', level = 'bad', resolved_at = null, times_reopened = -1,"
            " created_at = now() + interval '1 day'",
            [
                "error_id is unique",
                "level is one of debug",
                "an error that is resolved was so",
                "times_reopened is at least 0",
                "no error is of the future",
            ],
        ),
        (
            "errors_daily",
            "date = '2024-06-06', level = 'bad', distinct_messages = 3, affected_visitors = 4"
            " where error_count = 2",
            [
                "level is one of debug",
                "distinct_messages is never greater",
                "affected_visitors is never greater",
            ],
        ),
        ("errors_daily", "date = '2024-06-06' where resolved = 1", ["every day of a level"]),
        (
            "data_quality_daily",
            "date = '2024-06-05', received = 3, duplicate_rate = 101, quarantine_rate = 101,"
            " held_events = 91 where loads = 2",
            [
                "received is stored",
                "duplicate_rate is at least 0",
                "quarantine_rate is at least 0",
                "held_events is never greater than stored",
            ],
        ),
        ("data_quality_daily", "date = current_date + 3 where loads = 2", ["no day", "every day"]),
    ],
    oddities=[
        (
            "endpoint_performance_hourly",
            "p95_response_time = 70000, p99_response_time = 80000",
            ["endpoints answer within a minute"],
        ),
        ("errors", "created_at = '2024-06-05'", ["no error is resolved before it occurred"]),
        ("data_quality_daily", "quarantine_rate = 6", ["at most 5 % of a day's events"]),
    ],
)
