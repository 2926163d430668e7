"""Alerts: what needs a person's attention, one live alert for each condition.

A condition is a short, stable name of what is wrong, such as ``gate:raw`` or ``run:core``. While it
lasts, raising it again counts up the alert that is live; once resolved, it opens a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.connections import Connection

Severity = Literal["warning", "critical"]

_COLUMNS = (
    "alert_id, condition, severity, state, summary, detail, opened_at, last_seen_at, occurrences,"
    " acknowledged_at"
)


@dataclass(frozen=True)
class Alert:
    """A live alert.

    Attributes:
        alert_id: Its row in ``ops.alerts``.
        condition: What is wrong, as a stable name.
        severity: ``critical`` where data is held back or late, else ``warning``.
        state: ``opened``, or ``acknowledged`` once a person has taken it on.
        summary: A sentence for people.
        detail: Whatever helps to find the cause.
        opened_at: When the condition was first seen.
        last_seen_at: When it was last seen.
        occurrences: How many times it was seen.
        acknowledged_at: When a person took it on.
    """

    alert_id: int
    condition: str
    severity: Severity
    state: Literal["opened", "acknowledged"]
    summary: str
    detail: Mapping[str, Any]
    opened_at: datetime
    last_seen_at: datetime
    occurrences: int
    acknowledged_at: datetime | None


def raise_alert(
    connection: Connection,
    condition: str,
    severity: Severity,
    summary: str,
    detail: Mapping[str, Any] | None = None,
) -> Alert:
    """Open an alert, or note on the live one that its condition was seen again.

    An alert that a person has acknowledged stays so. Of severity, summary and detail the latest
    count.

    Args:
        connection: Of the pipeline; whether and when it commits is the caller's affair.
        condition: Name of what is wrong; at most one alert of a name is live.
        severity: How bad it is.
        summary: A sentence for people.
        detail: What can be stored as JSON and helps to find the cause.

    Returns:
        The live alert.
    """
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        alert = cursor.execute(
            f"""
            insert into ops.alerts as live (condition, severity, summary, detail)
            values (%s, %s, %s, %s)
            on conflict (condition) where state <> 'resolved' do update set
                severity = excluded.severity,
                summary = excluded.summary,
                detail = excluded.detail,
                last_seen_at = greatest(live.last_seen_at, excluded.last_seen_at),
                occurrences = live.occurrences + 1
            returning {_COLUMNS}
            """.encode(),  # noqa: S608 - a constant
            (condition, severity, summary, Jsonb(dict(detail or {}))),
        ).fetchone()
    assert alert is not None
    return alert


def acknowledge_alert(connection: Connection, condition: str) -> bool:
    """Note that a person has taken a live alert on.

    Returns:
        Whether there was one that nobody had taken on.
    """
    cursor = connection.execute(
        "update ops.alerts set state = 'acknowledged', acknowledged_at = now()"
        " where condition = %s and state = 'opened'",
        (condition,),
    )
    return cursor.rowcount == 1


def resolve_alert(connection: Connection, condition: str) -> bool:
    """Close a live alert: its condition is no more.

    Returns:
        Whether there was one.
    """
    cursor = connection.execute(
        "update ops.alerts set state = 'resolved', resolved_at = now()"
        " where condition = %s and state <> 'resolved'",
        (condition,),
    )
    return cursor.rowcount == 1


def open_alerts(connection: Connection) -> list[Alert]:
    """Return the live alerts, critical ones first, then the oldest."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from ops.alerts where state <> 'resolved'"  # noqa: S608
            " order by severity, opened_at, alert_id".encode()
        ).fetchall()
