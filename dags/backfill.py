"""Builds the marts of a range of days anew."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import Param, dag, task

from dags.wiring import rules, run_id
from pipeline import scheduled

DOC = """
### Backfill

Triggered by hand, with a form: the first and the last day. **rebuild** opens the loads that hold
events of these days again, and builds what they touch anew, in the core and in every domain,
while people go on to read the marts as they were. Days are those on which the events occurred, in
the reporting time zone; when they were received does not matter.

Nothing needs this in daily use: late events rebuild what they touch by themselves. It is for
after a repair of the data, or of a model whose change concerns these days alone.

By hand: `footfall run all --first-day 2024-06-01 --last-day 2024-06-30`.
"""


@dag(
    schedule=None,
    description="Builds the marts of a range of days anew",
    doc_md=DOC,
    tags=["marts"],
    params={
        "first_day": Param(
            "2024-01-01",
            type="string",
            format="date",
            title="First day",
            description="In the reporting time zone.",
        ),
        "last_day": Param(
            "2024-01-01",
            type="string",
            format="date",
            title="Last day",
            description="Included.",
        ),
    },
    **rules(owner="platform", longest=dt.timedelta(hours=12)),
)
def backfill() -> None:
    """Wire the one task."""

    @task(doc_md="Builds anew whatever the events of the days touch.")
    def rebuild(first_day: str, last_day: str) -> None:
        scheduled.rebuild(("all",), scheduler_run=run_id(), first_day=first_day, last_day=last_day)

    rebuild("{{ params.first_day }}", "{{ params.last_day }}")


backfill()
