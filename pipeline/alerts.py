"""Alerts: what needs a person's attention, one live alert for each condition.

A condition is a short, stable name of what is wrong, such as ``gate:raw`` or ``run:core``. While it
lasts, raising it again counts up the alert that is live; once resolved, it opens a new one.
``pipeline.conditions`` knows them all. What people should hear of goes into the outbox of
``pipeline.notifications`` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pipeline.conditions import condition_of
from warehouse.connections import Connection

Severity = Literal["warning", "critical"]
Change = Literal["opened", "worsened", "acknowledged", "resolved"]

_COLUMNS = (
    "alert_id, condition, severity, state, summary, detail, opened_at, last_seen_at, occurrences,"
    " acknowledged_at, acknowledged_by, resolved_at"
)


@dataclass(frozen=True)
class Alert:
    """An alert.

    Attributes:
        alert_id: Its row in ``ops.alerts``.
        condition: What is wrong, as a stable name.
        severity: ``critical`` where data is held back or late, else ``warning``.
        state: ``opened``, ``acknowledged`` once a person has taken it on, or ``resolved``.
        summary: A sentence for people.
        detail: Whatever helps to find the cause.
        opened_at: When the condition was first seen.
        last_seen_at: When it was last seen.
        occurrences: How many times it was seen.
        acknowledged_at: When a person took it on.
        acknowledged_by: Who did.
        resolved_at: When the condition ended.
    """

    alert_id: int
    condition: str
    severity: Severity
    state: Literal["opened", "acknowledged", "resolved"]
    summary: str
    detail: Mapping[str, Any]
    opened_at: datetime
    last_seen_at: datetime
    occurrences: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None


def raise_alert(
    connection: Connection,
    condition: str,
    severity: Severity,
    summary: str,
    detail: Mapping[str, Any] | None = None,
) -> Alert:
    """Open an alert, or note on the live one that its condition was seen again.

    An alert that a person has acknowledged stays so. Of severity, summary and detail the latest
    count. People are told when it opens and when it gets worse, not each time.

    Args:
        connection: Of the pipeline; whether and when it commits is the caller's affair.
        condition: Name of what is wrong; at most one alert of a name is live.
        severity: How bad it is.
        summary: A sentence for people.
        detail: What can be stored as JSON and helps to find the cause.

    Returns:
        The live alert.

    Raises:
        ValueError: ``pipeline.conditions`` has no such condition.
    """
    condition_of(condition)
    with _together(connection), connection.cursor(row_factory=class_row(Alert)) as cursor:
        before = connection.execute(
            "select severity from ops.alerts where condition = %s and state <> 'resolved'"
            " for update",
            (condition,),
        ).fetchone()
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
        if alert.occurrences == 1:
            _announce(connection, alert.alert_id, "opened")
        elif before == ("warning",) and severity == "critical":
            _announce(connection, alert.alert_id, "worsened")
    return alert


def acknowledge_alert(connection: Connection, condition: str, *, by: str | None = None) -> bool:
    """Note that a person has taken a live alert on.

    Args:
        connection: Of the pipeline.
        condition: Name of what is wrong.
        by: Who takes it on.

    Returns:
        Whether there was one that nobody had taken on.
    """
    with _together(connection):
        row = connection.execute(
            "update ops.alerts set state = 'acknowledged', acknowledged_at = now(),"
            " acknowledged_by = %s where condition = %s and state = 'opened' returning alert_id",
            (by, condition),
        ).fetchone()
        if row is not None:
            _announce(connection, row[0], "acknowledged")
    return row is not None


def resolve_alert(connection: Connection, condition: str) -> bool:
    """Close a live alert: its condition is no more.

    Returns:
        Whether there was one.
    """
    with _together(connection):
        row = connection.execute(
            "update ops.alerts set state = 'resolved', resolved_at = now()"
            " where condition = %s and state <> 'resolved' returning alert_id",
            (condition,),
        ).fetchone()
        if row is not None:
            _announce(connection, row[0], "resolved")
    return row is not None


def resolve_others(connection: Connection, kind: str, still: Collection[str]) -> None:
    """Close the live alerts of a family whose conditions are no more.

    Args:
        connection: Of the pipeline.
        kind: What the names of the family begin with, such as ``response_time``.
        still: Names of those that go on.
    """
    rows = connection.execute(
        "select condition from ops.alerts where state <> 'resolved'"
        " and starts_with(condition, %s) and condition <> all(%s)",
        (f"{kind}:", list(still)),
    ).fetchall()
    for (condition,) in rows:
        resolve_alert(connection, condition)


def open_alerts(connection: Connection) -> list[Alert]:
    """Return the live alerts, critical ones first, then the oldest."""
    return _select(connection, "state <> 'resolved' order by severity, opened_at, alert_id")


def past_alerts(connection: Connection, limit: int) -> list[Alert]:
    """Return the alerts that were resolved last, the newest first."""
    return _select(connection, "state = 'resolved' order by alert_id desc limit %s", limit)


def find_alert(connection: Connection, name: str) -> Alert | None:
    """Return an alert by its number or its condition; of a condition's alerts, the newest."""
    if name.isdecimal():
        found = _select(connection, "alert_id = %s", int(name))
    else:
        found = _select(connection, "condition = %s order by alert_id desc limit 1", name)
    return found[0] if found else None


@contextmanager
def _together(connection: Connection) -> Iterator[None]:
    """Let statements be one transaction, or a part of the one that the caller commits."""
    if connection.autocommit:
        with connection.transaction():
            yield
    else:
        yield


def _announce(connection: Connection, alert_id: int, change: Change) -> None:
    """Put a change of an alert into the outbox."""
    connection.execute(
        "insert into ops.notifications (alert_id, change, severity, condition, summary)"
        " select alert_id, %s, severity, condition, summary from ops.alerts where alert_id = %s",
        (change, alert_id),
    )


def _select(connection: Connection, which: str, *values: object) -> list[Alert]:
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(
            f"select {_COLUMNS} from ops.alerts where {which}".encode(),  # noqa: S608 - constants
            values,
        ).fetchall()
