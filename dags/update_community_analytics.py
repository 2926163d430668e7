"""Communities, their members and who was online."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("community",)

DOC = """
### Community marts

The domain **community**: `community_metrics`, `community_daily`, `community_hourly` and
`community_members`. How many members are online at this moment is read from raw events, and waits
for no run.

By hand: `footfall run community`.
"""


@dag(
    schedule="*/15 * * * *",
    description="Communities, their members and who was online",
    doc_md=DOC,
    tags=["marts", "community"],
    **rules(owner="community"),
)
def update_community_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


update_community_analytics()
