"""What all DAGs have in common: how they are tried again, end and alert, and who asks for a run."""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import get_current_context, task

from pipeline import scheduled


def rules(owner: str, *, longest: dt.timedelta = dt.timedelta(hours=1)) -> dict[str, Any]:
    """Return the arguments of ``@dag`` that are the same everywhere.

    Args:
        owner: Who answers for the DAG.
        longest: After which time a task is ended, and counts as failed.
    """
    return {
        "catchup": False,  # a run builds all that has landed, whenever that was
        "max_active_runs": 1,
        "default_args": {
            "owner": owner,
            "retries": 2,
            "retry_delay": dt.timedelta(minutes=1),
            "retry_exponential_backoff": True,
            "max_retry_delay": dt.timedelta(minutes=10),
            "execution_timeout": longest,
            "on_failure_callback": scheduled.alert_on_failure,
            "on_success_callback": scheduled.resolve_on_success,
        },
    }


def run_id() -> str:
    """Return the id of the DAG run that executes."""
    return str(get_current_context()["run_id"])


@task.short_circuit(
    execution_timeout=dt.timedelta(minutes=1),
    doc_md="Asks the ledger of loads whether there is anything to do; mostly that is all.",
)
def new_loads(domains: tuple[str, ...]) -> bool:
    """Go on only where a build of these domains would do anything."""
    return scheduled.has_news(domains)


@task(doc_md="Claims the new loads, checks them, builds what they touch, checks and publishes it.")
def build(domains: tuple[str, ...]) -> None:
    """Bring domains up to date."""
    scheduled.build(domains, scheduler_run=run_id())


@task(doc_md="Reads the marts, and writes pages with charts, JSON and CSV into the archive.")
def generate_reports(kind: str) -> None:
    """Write the reports of a kind."""
    scheduled.generate_reports(kind)
