"""Removes raw events and records that have been kept long enough."""

from __future__ import annotations

from airflow.sdk import dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Raw events and records

Whole days of raw events go where all that they hold has been kept as long as the catalogue and
the settings say; else the events that are due. What was built from them stays. Nothing goes that
has not been built yet. Where `FOOTFALL_RETENTION_ARCHIVE_DIR` names a directory, events are
written there as Parquet first. Of quarantine, loads, runs, checks, alerts and reports go those
that are old.

By hand: `footfall retention`, which shows beforehand what would go.
"""


@dag(
    schedule="0 2 * * *",
    description="Removes raw events and records that have been kept long enough",
    doc_md=DOC,
    tags=["retention"],
    **rules(owner="platform"),
)
def cleanup_old_analytics() -> None:
    """Wire the one task."""

    @task(doc_md="Removes raw events and records that have been kept long enough.")
    def clean_up() -> None:
        scheduled.cleanup_old_analytics()

    clean_up()


cleanup_old_analytics()
