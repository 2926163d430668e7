"""Keeps the figures of health over time, in ``ops.health_figures``."""

from __future__ import annotations

from dataclasses import asdict

from pipeline.health_figures import HealthFigures, health_figures
from warehouse.connections import connect
from warehouse.settings import Settings


def note_health(settings: Settings) -> HealthFigures:
    """Measure the figures of health, and note them.

    Args:
        settings: Of this process.

    Returns:
        What was noted.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    figures = health_figures(settings)
    with connect(settings.require("transform_dsn"), name="footfall health") as connection:
        connection.execute(
            "insert into ops.health_figures (measured_at, events_per_minute, failed_percent,"
            " commit_ms, accuracy_percent) values (clock_timestamp(), %(events_per_minute)s,"
            " %(failed_percent)s, %(commit_ms)s, %(accuracy_percent)s)",
            asdict(figures),
        )
    return figures
