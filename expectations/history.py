"""What must hold of the present against the last weeks: volume, kinds of events, sources, fields.

The expectations here read ``ops.event_hours`` and ``ops.field_days``, small tables that grow by
what lands, and never raw. Each is a query for what is amiss: a row names a subject, and says what
was found. None blocks: the numbers may be right, and a person should know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg import sql

from expectations.history_queries import DAYS, DRIFTED, QUIET, STOPPED, UNUSUAL, VOLUME, WEEKS
from expectations.rules import Rule, no_rows
from expectations.suites import Suite
from warehouse.connections import Connection

HOURS = "raw.history"
FIELDS = "raw.fields"
DEPTH = timedelta(days=36)
FIELD_DEPTH_DAYS = 16
MOST_SIGNS = 50  # of an expectation; more are no news


class Sign(NamedTuple):
    """Something amiss.

    Attributes:
        kind: What the names of its alerts begin with, such as ``source_quiet``.
        subject: What it is about.
        finding: What was found, as a sentence for people.
    """

    kind: str
    subject: str
    finding: str


@dataclass(frozen=True)
class Watch:
    """An expectation against history.

    Attributes:
        kind: What the names of its alerts begin with.
        suite: The suite that it belongs to.
        sentence: What must hold.
        query: Finds what is amiss: columns ``subject`` and ``finding``. ``{batch}`` is the history.
    """

    kind: str
    suite: str
    sentence: str
    query: str

    @property
    def rule(self) -> Rule:
        """It as a rule for Great Expectations."""
        return no_rows(self.query, self.sentence).as_warning()


def watches(now: datetime) -> tuple[Watch, ...]:
    """Return the expectations at a moment."""
    hour = f"date_trunc('hour', timestamptz '{now.astimezone(UTC).isoformat()}', 'UTC')"
    day = f"(timestamptz '{now.astimezone(UTC).isoformat()}' at time zone 'UTC')::date"
    weeks = WEEKS.replace("[hour]", hour)
    days = DAYS.replace("[hour]", hour)
    return (
        Watch(
            "source_quiet",
            HOURS,
            "every source sends as it did at the same time of the last weeks",
            weeks + QUIET,
        ),
        Watch(
            "volume",
            HOURS,
            "the last full hour of each source has half to twice the events of the same hour of "
            "the last weeks",
            weeks + VOLUME,
        ),
        Watch(
            "event_type_stopped",
            HOURS,
            "every type of event that was frequent in the last weeks still occurs",
            days + STOPPED,
        ),
        Watch(
            "unusual_activity",
            HOURS,
            "each kind of event has its usual share of the last 24 hours, and none is new",
            days + UNUSUAL,
        ),
        Watch(
            "fields_drifted",
            FIELDS,
            "events have the fields, of the types, that they had in the last two weeks",
            DRIFTED.replace("[day]", day),
        ),
    )


def suites(now: datetime) -> tuple[Suite, ...]:
    """Return the expectations as suites for Great Expectations."""
    chosen = watches(now)
    return tuple(
        Suite(name, tuple(watch.rule for watch in chosen if watch.suite == name), query)
        for name, query in _batches(now).items()
    )


def look(connection: Connection, kinds: Sequence[Watch], now: datetime) -> list[Sign]:
    """Return what is amiss, by the same SQL that the suites are made of.

    Args:
        connection: Of the pipeline.
        kinds: Which expectations to look at.
        now: The moment of which they were made.
    """
    batches = _batches(now)
    found = []
    for watch in kinds:
        query = watch.query.replace("{batch}", f"({batches[watch.suite]})")
        rows = connection.execute(
            sql.SQL(f"{query} order by subject limit {MOST_SIGNS}")
        ).fetchall()
        found += [Sign(watch.kind, subject, finding) for subject, finding in rows]
    return found


def _batches(now: datetime) -> dict[str, str]:
    since = now.astimezone(UTC) - DEPTH
    return {
        HOURS: "select hour, source, category, event_type, subject, events from ops.event_hours"  # noqa: S608
        f" where hour >= timestamptz '{since.isoformat()}'"
        f" and hour < timestamptz '{now.astimezone(UTC).isoformat()}'",
        FIELDS: "select day, category, event_type, field, kind, events from ops.field_days"  # noqa: S608
        f" where day >= date '{(now.astimezone(UTC) - timedelta(days=FIELD_DEPTH_DAYS)).date()}'"
        f" and day <= date '{now.astimezone(UTC).date()}'",
    }
