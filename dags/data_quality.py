"""Holds what lands against the same hours of the last weeks."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Quality of what lands

Every hour: volume and freshness against the same hour of the last weeks, event types that
stopped, sources that have gone quiet, fields that drifted. Nothing is held back; what is amiss
becomes an alert. Results are in `ops.quality_results`, the Data Docs show them at
`/docs/quality/` of serving.

What must hold of every event is checked by the builds themselves, before anything is built from
it.
"""


@dag(
    schedule="0 * * * *",
    description="Holds what lands against the same hours of the last weeks",
    doc_md=DOC,
    tags=["quality", "alerts"],
    **rules(owner="platform", longest=dt.timedelta(minutes=30)),
)
def data_quality() -> None:
    """Wire the one task."""

    @task(doc_md="Runs the expectations on history, and turns what is amiss into alerts.")
    def check() -> None:
        scheduled.check_quality()

    check()


data_quality()
