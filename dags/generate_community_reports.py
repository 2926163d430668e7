"""Writes a report on each community: 30 days up to yesterday."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import generate_reports, rules

DOC = """
### Reports on communities

One for each community in which anything happened in the 30 days up to yesterday: activity,
members and their retention, who was online, busy hours. Serving lists them at
`/reports?kind=community`.

By hand: `footfall reports generate community`.
"""


@dag(
    schedule="30 3 * * *",
    description="Writes a report on each community: 30 days up to yesterday",
    doc_md=DOC,
    tags=["reports", "community"],
    **rules(owner="community"),
)
def generate_community_reports() -> None:
    """Wire the one task."""
    generate_reports("community")


generate_community_reports()
