"""Collects Footfall's own figures of health, and makes the partitions of the days to come."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Footfall's own metrics

Every quarter of an hour **collect** notes in `ops.health_figures` how many events came in, which
share of them failed, how long a commit in Postgres takes, and how true the marts are. It also
makes the partitions of raw events ahead of their day, also where nothing is built for weeks.

The metrics that applications send are in `marts.system_metrics_hourly`, which
`process_error_logs` builds with the rest of the domain **system**.

By hand: `footfall alerts figures`.
"""


@dag(
    schedule="*/15 * * * *",
    description="Collects Footfall's own figures of health, and keeps partitions ahead",
    doc_md=DOC,
    tags=["health"],
    **rules(owner="operations", longest=dt.timedelta(minutes=10)),
)
def update_system_metrics() -> None:
    """Wire the one task."""

    @task(doc_md="Notes the figures of health, and makes partitions ahead.")
    def collect() -> None:
        scheduled.collect_health()

    collect()


update_system_metrics()
