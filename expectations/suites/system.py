"""What must hold of the marts about systems: endpoints, metrics, errors, and the data itself."""

from __future__ import annotations

from expectations.rules import at_most, between, key, never_negative, no_rows, one_of
from expectations.suites import Horizon, Suite, counts_the_latest, possible_days

LEVELS = ("debug", "info", "warning", "error", "critical")
SLOWEST_RESPONSE_MS = 60_000


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "system.endpoint_performance_hourly",
            (
                *key("endpoint", "hour"),
                possible_days("date", horizon),
                between("hour", high=horizon.latest, sentence="no hour is in the future"),
                between("request_count", 1),
                never_negative(
                    "avg_response_time",
                    "p50_response_time",
                    "p95_response_time",
                    "p99_response_time",
                    "max_response_time",
                    "error_count",
                    "server_error_count",
                ),
                between("error_rate", 0, 100),
                at_most("error_count", "request_count"),
                at_most("server_error_count", "error_count"),
                at_most("p50_response_time", "p95_response_time"),
                at_most("p95_response_time", "p99_response_time"),
                counts_the_latest(
                    {"endpoint": "entity_id", "date": "occurred_date"},
                    "request_count",
                    "every request of the latest core run is counted for its endpoint on its day",
                    where="category = 'system' and event_type = 'api_request'"
                    " and entity_type = 'endpoint' and entity_id is not null",
                ),
                between(
                    "p95_response_time",
                    high=SLOWEST_RESPONSE_MS,
                    sentence="endpoints answer within a minute, nearly always",
                ).as_warning(),
            ),
        ),
        Suite(
            "system.system_metrics_hourly",
            (
                *key("metric_type", "hour"),
                possible_days("date", horizon),
                between("measurements", 1),
                at_most("min_value", "avg_value"),
                at_most("avg_value", "max_value"),
                between("recorded_at", high=horizon.latest, sentence="nothing is of the future"),
            ),
        ),
        Suite(
            "system.errors",
            (
                *key("error_id"),
                one_of("level", LEVELS),
                between("created_at", high=horizon.latest, sentence="no error is of the future"),
                between("times_reopened", 0),
                no_rows(
                    "select 1 from {batch} where is_resolved <> (resolved_at is not null)",
                    "an error that is resolved was so at some time, and no other",
                ),
                at_most(
                    "created_at", "resolved_at", "no error is resolved before it occurred"
                ).as_warning(),
            ),
        ),
        Suite(
            "system.errors_daily",
            (
                *key("date", "level"),
                possible_days("date", horizon),
                one_of("level", LEVELS),
                never_negative(
                    "error_count",
                    "distinct_messages",
                    "affected_visitors",
                    "resolved",
                    "reopened",
                    "deleted",
                ),
                at_most("distinct_messages", "error_count"),
                at_most("affected_visitors", "error_count"),
                counts_the_latest(
                    {"date": "occurred_date"},
                    "error_count",
                    "every error of the latest core run is counted on its day",
                    where="category = 'system' and event_type = 'error'",
                ),
                no_rows(
                    "select 1 from {batch} group by level"
                    " having count(*) <> max(date) - min(date) + 1",
                    "every day of a level from the first to the last has a row",
                ),
            ),
        ),
        Suite(
            "system.data_quality_daily",
            (
                *key("date"),
                between("date", high=horizon.last_day, sentence="no day is in the future"),
                no_rows(
                    "select 1 from {batch} having count(*) <> max(date) - min(date) + 1",
                    "every day from the first to the last has a row",
                ),
                never_negative(
                    "loads",
                    "stored",
                    "duplicate",
                    "quarantined",
                    "suppressed",
                    "open_quarantine",
                    "held_events",
                    "expectations_checked",
                    "expectations_failed",
                    "warnings",
                ),
                no_rows(
                    "select 1 from {batch}"
                    " where received <> stored + duplicate + quarantined + suppressed",
                    "received is stored + duplicate + quarantined + suppressed",
                ),
                between("duplicate_rate", 0, 100),
                between("quarantine_rate", 0, 100),
                at_most("held_events", "stored"),
                between(
                    "quarantine_rate",
                    high=5,
                    sentence="at most 5 % of a day's events are in quarantine",
                ).as_warning(),
            ),
        ),
    )
