"""Checks by night that incremental equals full; on demand builds everything anew."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import Param, dag, task

from dags.wiring import rules, run_id
from pipeline import scheduled

DOC = """
### Full refresh

By night, **check_sample** brings everything up to date, takes 20 loads at random from the whole
history, and builds what they touch again from raw events. Not a row of a mart may change. Where
one does, it is mended, and the alert `sample:marts` says in which marts.

Triggered with the scope `everything`, **build_everything** builds all marts anew from raw events,
which takes as long as there is history. People read the old marts until the new ones have passed
their checks. It is needed after a change of the reporting time zone or of a model.

By hand: `footfall run all --full-refresh`.
"""


@dag(
    schedule="0 1 * * *",
    description="Checks on a sample that incremental equals full; on demand builds everything anew",
    doc_md=DOC,
    tags=["marts", "check"],
    params={
        "scope": Param(
            "sample",
            type="string",
            enum=["sample", "everything"],
            title="Scope",
            description="`sample`: build a random sample of loads again, and see whether anything "
            "changes. `everything`: build all marts anew from raw events.",
        )
    },
    **rules(owner="platform", longest=dt.timedelta(hours=12)),
)
def full_refresh() -> None:
    """Wire the tasks: the scope says which of the two is run."""

    @task.branch(doc_md="Follows the scope.", execution_timeout=dt.timedelta(minutes=1))
    def choose(scope: str) -> str:
        return {"sample": "check_sample", "everything": "build_everything"}[scope]

    @task(doc_md="Builds a random sample of loads again, and alerts where that changes anything.")
    def check_sample() -> None:
        scheduled.check_sample(scheduler_run=run_id())

    @task(doc_md="Builds all marts anew from raw events.")
    def build_everything() -> None:
        scheduled.rebuild(("all",), scheduler_run=run_id())

    choose("{{ params.scope }}") >> [check_sample(), build_everything()]


full_refresh()
