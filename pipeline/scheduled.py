"""What scheduled tasks do, with the settings of their process.

Nothing here knows Airflow: the callbacks take what it hands to them as a mapping. Imports are
inside, because every look at a DAG file pays for what is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def has_news(domains: Sequence[str]) -> bool:
    """Tell, without importing anything heavy, whether a build of these domains would do anything.

    Args:
        domains: Domains of marts.
    """
    from pipeline.loads import has_new_loads
    from warehouse.settings import load_settings

    return has_new_loads(load_settings().require("transform_dsn"), domains)


def build(domains: Sequence[str], *, scheduler_run: str) -> None:
    """Bring domains up to date, each step on standard output.

    Args:
        domains: Domains of marts.
        scheduler_run: The scheduler's id of the run, for ``ops.runs``.

    Raises:
        RunFailedError: A domain failed or was held back; the message says why.
    """
    from pipeline.runs import run
    from warehouse.settings import load_settings

    report = run(
        domains, settings=load_settings(), trigger=f"airflow {scheduler_run}", notify=print
    )
    report.raise_for_state()


def check_sample(*, scheduler_run: str) -> None:
    """Check on a sample that incremental runs have built what a full refresh builds.

    Args:
        scheduler_run: The scheduler's id of the run, for ``ops.runs``.

    Raises:
        RunFailedError: A domain failed or was held back; the message says why.
    """
    from pipeline import sample_check
    from warehouse.settings import load_settings

    report = sample_check.check_sample(
        load_settings(), trigger=f"airflow {scheduler_run}", notify=print
    )
    print(f"rows that differed: {report.differences or 'none'}")  # noqa: T201
    report.raise_for_state()


def rebuild(
    domains: Sequence[str],
    *,
    scheduler_run: str,
    first_day: str | None = None,
    last_day: str | None = None,
) -> None:
    """Build domains anew from raw events: some days of them, or everything.

    Args:
        domains: Domains of marts.
        scheduler_run: The scheduler's id of the run, for ``ops.runs``.
        first_day: First of the days, such as ``2024-06-01``; None: everything.
        last_day: Last of the days.

    Raises:
        InvalidDaysError: One of the days is none.
        RunFailedError: A domain failed or was held back; the message says why.
    """
    from pipeline.reopening import parse_days
    from pipeline.runs import run
    from warehouse.settings import load_settings

    days = None if first_day is None else parse_days(first_day, last_day or first_day)
    report = run(
        domains,
        settings=load_settings(),
        trigger=f"airflow {scheduler_run}",
        full_refresh=days is None,
        days=days,
        notify=print,
    )
    for domain in report.domains:
        print(f"{domain.domain}: {domain.state}, rows written: {domain.rows}")  # noqa: T201
    report.raise_for_state()


def cleanup_old_analytics() -> None:
    """Remove raw events and records that are due, each step on standard output.

    Raises:
        OperatorError: The catalogue cannot be read, or the archive not be written.
    """
    from pipeline.retention.run import EVENTS, RECORDS

    _retain(EVENTS, RECORDS)


def cleanup_resolved_error_logs() -> None:
    """Take errors off the list that were resolved long ago."""
    from pipeline.retention.run import ERRORS

    _retain(ERRORS)


def cleanup_redis_analytics() -> None:
    """Remove old files of the spool and of imports."""
    from pipeline.retention.run import FILES

    _retain(FILES)


def _retain(*parts: str) -> None:
    from pipeline.retention.run import retain
    from warehouse.settings import load_settings

    load_settings.cache_clear()  # what the file says now
    report = retain(load_settings(), parts=parts, notify=print)
    for removal in report.removals:
        print(f"{removal.what}: {removal.removed:,}")  # noqa: T201 - into the log of the task
    if report.waits_for:
        print(f"from {report.stays_from} on all stays: {report.waits_for}")  # noqa: T201


def generate_reports(kind: str) -> None:
    """Write the reports of a kind up to yesterday into the archive.

    Args:
        kind: ``platform``, ``community`` or ``geo``.
    """
    from pipeline.reports.archive import generate
    from warehouse.settings import load_settings

    written = generate(kind, load_settings(), notify=print)
    print(f"reports written: {len(written)}")  # noqa: T201


def look_out() -> None:
    """Look for what is wrong, and open and resolve alerts.

    Raises:
        CheckFailedError: A check could not be carried out; the others were.
    """
    from pipeline.alert_checks import check_alerts
    from warehouse.settings import load_settings

    for condition in check_alerts(load_settings()):
        print(condition)  # noqa: T201


def tell() -> None:
    """Send what people have to be told of alerts to the channels."""
    from pipeline.notifications import deliver_notifications
    from warehouse.settings import load_settings

    for delivery in deliver_notifications(load_settings()):
        print(f"{delivery.channel}: {delivery.notifications} {delivery.error or 'sent'}")  # noqa: T201


def check_quality() -> None:
    """Hold what lands against the last weeks, and turn what is amiss into alerts."""
    from pipeline import quality
    from warehouse.settings import load_settings

    for condition in quality.check_quality(load_settings()):
        print(condition)  # noqa: T201


def collect_health() -> None:
    """Note Footfall's own figures of health, and make partitions ahead of their day."""
    from pipeline.health_history import note_health
    from pipeline.partitions import keep_partitions
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    settings = load_settings()
    dsn = settings.require("transform_dsn")
    with connect(dsn, autocommit=True, name="footfall partitions") as connection:
        keep_partitions(connection, days_ahead=settings.partitions_ahead_days)
    print(note_health(settings))  # noqa: T201


def alert_on_failure(context: Mapping[str, Any]) -> None:
    """Open an alert for a task that has used up its retries.

    Args:
        context: Airflow's context of the task.
    """
    from pipeline.alerts import raise_alert
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    task = context["ti"]
    with connect(load_settings().require("transform_dsn"), name="footfall alert") as connection:
        raise_alert(
            connection,
            _condition(context),
            "critical",
            f"task {task.task_id} of {task.dag_id} failed: {context.get('exception')}",
            {"dag_id": task.dag_id, "task_id": task.task_id, "run_id": task.run_id},
        )


def resolve_on_success(context: Mapping[str, Any]) -> None:
    """Resolve the alert of a task that works again.

    Args:
        context: Airflow's context of the task.
    """
    from pipeline.alerts import resolve_alert
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("transform_dsn"), name="footfall alert") as connection:
        resolve_alert(connection, _condition(context))


def _condition(context: Mapping[str, Any]) -> str:
    task = context["ti"]
    return f"task:{task.dag_id}.{task.task_id}"
