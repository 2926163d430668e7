"""Four figures of health: what comes in, what fails, how fast Postgres is, how true marts are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.checks.arrivals import ERROR_WINDOW
from pipeline.checks.dependencies import commit_seconds
from pipeline.checks.processing import compare_days
from warehouse.connections import connect
from warehouse.settings import Settings


@dataclass(frozen=True)
class HealthFigures:
    """Figures of the last 15 minutes, and of the last seven days' marts.

    Attributes:
        events_per_minute: Events received, on average.
        failed_percent: Share of them that went into quarantine, 0 to 100; None where none came.
        commit_ms: How long a small commit in Postgres takes, in milliseconds.
        accuracy_percent: 100 less the share by which the marts' events of the last seven full days
            differ from those that have landed; None where none has, or there are no marts.
    """

    events_per_minute: float
    failed_percent: float | None
    commit_ms: float
    accuracy_percent: float | None


def health_figures(settings: Settings, *, now: datetime | None = None) -> HealthFigures:
    """Return the figures.

    Args:
        settings: Of this process.
        now: The moment that is looked at; this one where None.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    moment = now or datetime.now(UTC)
    with connect(settings.require("transform_dsn"), name="footfall figures") as connection:
        row = connection.execute(
            "select coalesce(sum(received), 0), coalesce(sum(quarantined), 0) from raw.loads"
            " where received_at > %s and received_at <= %s and origin <> 'replay'",
            (moment - ERROR_WINDOW, moment),
        ).fetchone()
        assert row is not None
        received, quarantined = map(int, row)
        days = compare_days(connection, settings, moment)
    landed = sum(day.landed for day in days)
    differing = sum(abs(day.published - day.landed) for day in days)
    return HealthFigures(
        events_per_minute=received / (ERROR_WINDOW / timedelta(minutes=1)),
        failed_percent=100 * quarantined / received if received else None,
        commit_ms=1000 * commit_seconds(settings),
        accuracy_percent=max(0.0, 100 - 100 * differing / landed) if landed else None,
    )
