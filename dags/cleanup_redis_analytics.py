"""Removes spent files of the spool and of imports."""

from __future__ import annotations

from airflow.sdk import dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Spent files

The community platform kept its live figures in Redis, and cleaned them up. Here live figures are
read from raw events, and need no cleaning; what is left over instead are damaged files of the
spool and the notes of imports, and they go when they are old.

By hand: `footfall retention`.
"""


@dag(
    schedule="0 5 * * *",
    description="Removes spent files of the spool and of imports",
    doc_md=DOC,
    tags=["retention"],
    **rules(owner="platform"),
)
def cleanup_redis_analytics() -> None:
    """Wire the one task."""

    @task(doc_md="Removes spent files of the spool and of imports.")
    def clean_up() -> None:
        scheduled.cleanup_redis_analytics()

    clean_up()


cleanup_redis_analytics()
