"""Users, their sessions, retention and journeys."""

from __future__ import annotations

from airflow.sdk import dag

from dags.wiring import build, new_loads, rules

DOMAINS = ("user",)

DOC = """
### User marts

The domain **user**: `user_analytics` and `sessions` and what follows from them. It is the
largest, and read by the day: hence once an hour.

By hand: `footfall run user`.
"""


@dag(
    schedule="0 * * * *",
    description="Users, their sessions, retention and journeys",
    doc_md=DOC,
    tags=["marts", "user"],
    **rules(owner="analytics"),
)
def update_user_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""
    new_loads(DOMAINS) >> build(DOMAINS)


update_user_analytics()
