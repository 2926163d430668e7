"""Writes the report on geo restrictions: 30 days up to yesterday."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import generate_reports, rules

DOC = """
### Report on geo restrictions

The 30 days up to yesterday: attempts, how many were blocked, allowed and bypassed, by day,
community, country and city. Serving lists it at `/reports?kind=geo`.

By hand: `footfall reports generate geo`.
"""


@dag(
    schedule="0 4 * * *",
    description="Writes the report on geo restrictions: 30 days up to yesterday",
    doc_md=DOC,
    tags=["reports", "geo"],
    **rules(owner="community"),
)
def generate_geo_effectiveness_reports() -> None:
    """Wire the one task."""
    generate_reports("geo")


generate_geo_effectiveness_reports()
