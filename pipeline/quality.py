"""Holds what lands against the last weeks, hourly, and turns what is amiss into alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from pipeline.alert_checks import report
from pipeline.checks.findings import Finding
from pipeline.observations import observe_loads
from warehouse.connections import connect
from warehouse.settings import Settings


def check_quality(settings: Settings, *, now: datetime | None = None) -> list[str]:
    """Check volume, kinds of events, sources and fields; open, repeat and resolve their alerts.

    The results of the expectations are in ``ops.quality_results`` and in the Data Docs.

    Args:
        settings: Of this process.
        now: The moment that is looked at; this one where None.

    Returns:
        The conditions that hold.

    Raises:
        psycopg.OperationalError: Postgres is away.
    """
    from expectations.gate import check_history

    moment = now or datetime.now(UTC)
    observe_loads(settings)
    check_history(settings, moment)
    return warn_of_signs(settings, moment)


def warn_of_signs(settings: Settings, now: datetime) -> list[str]:
    """Turn what is amiss against the last weeks into alerts.

    Args:
        settings: Of this process.
        now: The moment that is looked at.

    Returns:
        The conditions that hold.
    """
    from expectations import history

    with connect(
        settings.require("transform_dsn"), autocommit=True, name="footfall quality"
    ) as connection:
        watches = history.watches(now)
        signs = history.look(connection, watches, now)
        found = {
            kind: [Finding(f"{kind}:{sign.subject}", "warning", sign.finding) for sign in of_a_kind]
            for kind, of_a_kind in groupby(signs, key=lambda sign: sign.kind)
        }
        for watch in watches:
            report(connection, watch.kind, found.get(watch.kind, []))
    return [finding.condition for findings in found.values() for finding in findings]
