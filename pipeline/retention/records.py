"""Removes old records of what Footfall did: quarantine, loads, runs, checks, alerts, salts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.retention.removals import Removal, note_removal
from warehouse.connections import Connection
from warehouse.settings import Settings

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Records:
    """A table whose old rows go.

    Attributes:
        table: The table.
        time: Its column that says how old a row is.
        is_removable: Condition on rows that may go.
        key: Its primary key.
        function: Function with which rows go, where the pipeline may not delete them itself.
    """

    table: str
    time: str
    is_removable: str
    key: str
    function: str | None = None


QUARANTINE = Records(
    "raw.quarantine", "received_at", "true", "quarantine_id", "raw.remove_quarantine"
)
# A load stays as long as an event of its may be there (raw.remove_loads).
LOADS = Records(
    "raw.loads",
    "received_at",
    "(stored = 0 or state = 'settled')",
    "load_id",
    "raw.remove_loads",
)
CHECKS = Records("ops.quality_results", "checked_at", "true", "result_id")
# What the next run goes by is the last run of each kind.
RUNS = Records(
    "ops.runs",
    "started_at",
    "run_id not in (select max(run_id) from ops.runs group by domain, state, is_full_refresh)",
    "run_id",
)
ALERTS = Records("ops.alerts", "resolved_at", "state = 'resolved'", "alert_id")
DELIVERIES = Records("ops.deliveries", "delivered_at", "true", "notification_id, channel")
NOTIFICATIONS = Records(
    "ops.notifications",
    "created_at",
    "addressed_at is not null"
    " and notification_id not in (select notification_id from ops.deliveries)",
    "notification_id",
)
HOURS = Records("ops.event_hours", "hour", "true", "hour, source, category, event_type, subject")
FIELDS = Records("ops.field_days", "day", "true", "day, category, event_type, field, kind")
REPORTS = Records("ops.reports", "created_at", "true", "report_id")
HEALTH = Records("ops.health_figures", "measured_at", "true", "measured_at")
# Ingestion deletes them by itself, while it runs.
SALTS = Records("ops.address_salts", "day", "true", "day")


def due_records(settings: Settings, today: dt.date) -> list[tuple[Records, dt.datetime]]:
    """Return the tables whose old rows go, each with the time before which they are old.

    Args:
        settings: How long what is kept.
        today: Day of now, UTC.
    """

    def days_ago(days: int) -> dt.datetime:
        return dt.datetime.combine(today, dt.time(), dt.UTC) - dt.timedelta(days=days)

    return [
        (QUARANTINE, days_ago(settings.retention_days_quarantine)),
        (LOADS, days_ago(settings.retention_days_ops)),
        (CHECKS, days_ago(settings.retention_days_ops)),
        (RUNS, days_ago(settings.retention_days_ops)),
        (ALERTS, days_ago(settings.retention_days_ops)),
        (DELIVERIES, days_ago(settings.retention_days_ops)),
        (NOTIFICATIONS, days_ago(settings.retention_days_ops)),
        (HOURS, days_ago(settings.retention_days_ops)),
        (FIELDS, days_ago(settings.retention_days_ops)),
        (REPORTS, days_ago(settings.retention_days_ops)),
        (HEALTH, days_ago(settings.retention_days_ops)),
        (SALTS, days_ago(1)),
    ]


def describe_records(
    connection: Connection, records: Records, before: dt.datetime
) -> Removal | None:
    """Return what would be removed of a table; None where nothing is due.

    Args:
        connection: Of the pipeline.
        records: The table.
        before: Time before which rows are old.
    """
    row = connection.execute(
        f"select count(*), min({records.time})::timestamptz, max({records.time})::timestamptz,"  # noqa: S608 - constants
        f" pg_total_relation_size('{records.table}'), count(*)::float / nullif("
        f"(select greatest(reltuples, 1) from pg_class where oid = '{records.table}'::regclass), 0)"
        f" from {records.table} where {records.time} < %s and {records.is_removable}".encode(),
        (before,),
    ).fetchone()
    assert row is not None
    count, oldest, newest, size, share = row
    if not count:
        return None
    return Removal(records.table, count, False, int(size * min(share, 1)), oldest, newest)


def remove_records(
    connection: Connection,
    records: Records,
    before: dt.datetime,
    *,
    notify: Callable[[str], None],
) -> Removal | None:
    """Remove old rows of a table, in batches of bounded size.

    Args:
        connection: Of the pipeline, with autocommit.
        records: The table.
        before: Time before which rows are old.
        notify: Told how far it is.

    Returns:
        What was removed; None where nothing was due.
    """
    due = describe_records(connection, records, before)
    if due is None:
        return None
    total = 0
    while True:
        with connection.transaction():
            removed = _remove_batch(connection, records, before)
            total += removed
            if removed < ROWS_AT_ONCE:
                removal = Removal(due.what, total, False, due.size, due.oldest, before)
                if total:
                    note_removal(connection, removal)
                return removal if total else None
        notify(f"{records.table}: {total:,} of {due.removed:,} rows")


def _remove_batch(connection: Connection, records: Records, before: dt.datetime) -> int:
    arguments: Sequence[object] = (before, ROWS_AT_ONCE)
    if records.function is not None:
        row = connection.execute(
            f"select {records.function}(%s, %s)".encode(), arguments
        ).fetchone()
        assert row is not None
        return int(row[0])
    return connection.execute(
        f"delete from {records.table} where ({records.key}) in ("  # noqa: S608 - constants
        f"select {records.key} from {records.table}"
        f" where {records.time} < %s and {records.is_removable}"
        f" order by {records.key} limit %s)".encode(),
        arguments,
    ).rowcount
