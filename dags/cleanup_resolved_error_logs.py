"""Takes errors off the list that were resolved long ago."""

from __future__ import annotations

from airflow.sdk import dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Resolved errors

Errors that were resolved longer ago than `FOOTFALL_RETENTION_DAYS_RESOLVED_ERRORS` leave
`marts.errors`; the daily figures of `marts.errors_daily` stay.

By hand: `footfall retention`.
"""


@dag(
    schedule="30 4 * * *",
    description="Takes errors off the list that were resolved long ago",
    doc_md=DOC,
    tags=["retention"],
    **rules(owner="operations"),
)
def cleanup_resolved_error_logs() -> None:
    """Wire the one task."""

    @task(doc_md="Takes errors off the list that were resolved long ago.")
    def clean_up() -> None:
        scheduled.cleanup_resolved_error_logs()

    clean_up()


cleanup_resolved_error_logs()
