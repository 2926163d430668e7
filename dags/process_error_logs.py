"""Errors, performance of endpoints, system metrics, quality of data."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("system",)

DOC = """
### System marts

The domain **system**: `errors`, `errors_daily`, `endpoint_performance_hourly`,
`system_metrics_hourly` and `data_quality_daily`. Every ten minutes, because whoever looks for an
error does not want to wait.

By hand: `footfall run system`.
"""


@dag(
    schedule="*/10 * * * *",
    description="Errors, performance of endpoints, system metrics, quality of data",
    doc_md=DOC,
    tags=["marts", "system", "errors"],
    **rules(owner="operations"),
)
def process_error_logs() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


process_error_logs()
