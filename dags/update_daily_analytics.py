"""Figures of the platform by day; content, campaigns, experiments."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("daily", "content")

DOC = """
### Daily and content marts

The domain **daily**: `daily_analytics` and what is summed up from its days. Every day from the
first event to the last has a row, days without events too.

The domain **content**: engagement by entity, heatmaps, campaigns, experiments, milestones.

By hand: `footfall run daily content`.
"""


@dag(
    schedule="*/30 * * * *",
    description="Figures of the platform by day",
    doc_md=DOC,
    tags=["marts", "daily", "content"],
    **rules(owner="analytics"),
)
def update_daily_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


update_daily_analytics()
