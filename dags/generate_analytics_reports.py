"""Writes the report on the platform."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import generate_reports, rules

DOC = """
### Report on the platform

The 30 days up to yesterday: people, activity, sales, products, content, errors, slow endpoints,
quality of the data. As a page with charts, as JSON and as CSV; serving lists all that were
written at `/reports`.

By hand: `footfall reports generate platform`.
"""


@dag(
    schedule="0 3 * * *",
    description="The report on the platform: 30 days up to yesterday",
    doc_md=DOC,
    tags=["reports"],
    **rules(owner="analytics"),
)
def generate_analytics_reports() -> None:
    """Wire the one task."""
    generate_reports("platform")


generate_analytics_reports()
