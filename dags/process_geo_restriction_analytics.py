"""Access to geo-restricted communities, by place and by result."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("geo",)

DOC = """
### Geo marts

The domain **geo**: `geo_access_daily`, by place and result, and `geo_effectiveness`, the share of
attempts that was blocked.

By hand: `footfall run geo`.
"""


@dag(
    schedule="*/20 * * * *",
    description="Access to geo-restricted communities, by place and by result",
    doc_md=DOC,
    tags=["marts", "geo"],
    **rules(owner="community"),
)
def process_geo_restriction_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


process_geo_restriction_analytics()
