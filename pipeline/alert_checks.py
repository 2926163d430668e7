"""Runs the checks of every few minutes, and turns what they find into alerts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.alerts import raise_alert, resolve_alert, resolve_others
from pipeline.checks import arrivals, dependencies, processing, telemetry
from pipeline.checks.findings import Check, Finding
from pipeline.observations import observe_loads
from warehouse.connections import Connection, connect
from warehouse.errors import OperatorError
from warehouse.settings import Settings

logger = logging.getLogger(__name__)

CHECKS: tuple[Check, ...] = (
    *arrivals.CHECKS,
    *telemetry.CHECKS,
    *processing.CHECKS,
    *dependencies.CHECKS,
)


class CheckFailedError(OperatorError):
    """A check could not be carried out; the others were. The message says which and why."""


def check_alerts(
    settings: Settings, *, now: datetime | None = None, checks: Sequence[Check] = CHECKS
) -> list[str]:
    """Look for everything that a person should know of; open, repeat and resolve alerts.

    What landed since the last time is counted first. A condition that no longer holds is resolved.

    Args:
        settings: Of this process.
        now: The moment that is looked at; this one where None.
        checks: Which checks.

    Returns:
        The conditions that hold.

    Raises:
        CheckFailedError: A check could not be carried out.
        psycopg.OperationalError: Postgres is away.
    """
    observe_loads(settings)
    moment = now or datetime.now(UTC)
    found: list[str] = []
    failed: list[str] = []
    with connect(
        settings.require("transform_dsn"), autocommit=True, name="footfall alerts"
    ) as connection:
        for check in checks:
            try:
                findings = list(check.find(connection, settings, moment))
            except Exception as error:  # one that fails must not keep the others from looking
                logger.exception("the check %s could not be carried out", check.name)
                failed.append(f"{check.name} ({type(error).__name__}: {error})")
                continue
            report(connection, check.name, findings)
            found += [finding.condition for finding in findings]
    if failed:
        raise CheckFailedError(f"checks that could not be carried out: {'; '.join(failed)}")
    return found


def report(connection: Connection, name: str, findings: Sequence[Finding]) -> None:
    """Raise the alerts of what a check has found, and resolve those of what is no more.

    Args:
        connection: Of the pipeline.
        name: The condition that the check looks for; of a family what comes before the colon.
        findings: What holds now.
    """
    for finding in findings:
        raise_alert(
            connection, finding.condition, finding.severity, finding.summary, finding.detail
        )
    still = [finding.condition for finding in findings]
    if name not in still:
        resolve_alert(connection, name)
    resolve_others(connection, name, still)
