"""Brings the daily, user and product marts up to date with the events that have landed."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import dag, get_current_context, task

from pipeline.scheduled import alert_on_failure, build, has_news, resolve_on_success

DOMAINS = ("daily", "user", "product")

DOC = """
### Daily, user and product marts

Every half hour, **new_loads** asks the ledger of loads whether anything has landed since the last
run; mostly that is all. Otherwise **build** claims the new loads, checks them, builds what they
touch, checks the result and publishes it into `marts`, all or nothing.

- Two runs never collide: builds wait for one another.
- Where a check fails, the marts stay as they are, the loads are held, and `ops.alerts` says why.
- By hand: `footfall run daily user product` does the same.
"""


@dag(
    schedule="*/30 * * * *",
    catchup=False,
    max_active_runs=1,
    tags=["marts", "daily", "user", "product"],
    description="Daily, user and product marts from the events that have landed",
    doc_md=DOC,
    default_args={
        "owner": "analytics",
        "retries": 2,
        "retry_delay": dt.timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(minutes=10),
        "execution_timeout": dt.timedelta(minutes=60),
        "on_failure_callback": alert_on_failure,
        "on_success_callback": resolve_on_success,
    },
)
def update_daily_analytics() -> None:
    """Wire the tasks: nothing is built where nothing has landed."""

    @task.short_circuit(
        execution_timeout=dt.timedelta(minutes=1),
        doc_md="Asks the ledger of loads whether there is anything to do.",
    )
    def new_loads() -> bool:
        return has_news(DOMAINS)

    @task(task_id="build", doc_md="Claims the new loads, gates, builds, gates again and publishes.")
    def build_marts() -> None:
        build(DOMAINS, scheduler_run=get_current_context()["run_id"])

    new_loads() >> build_marts()


update_daily_analytics()
