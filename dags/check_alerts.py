"""Looks for what is wrong, and tells people of it."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import TriggerRule, dag, task

from dags.wiring import rules
from pipeline import scheduled

DOC = """
### Alerts

Every five minutes: **look** checks what comes in, what waits, what is slow, down or differs, and
opens and resolves alerts; **tell** sends what changed to the channels of
`FOOTFALL_ALERT_CHANNELS`. What a channel does not take waits in the outbox for the next time. The
guide to alerts has an entry for each alert.

By hand: `footfall alerts list`.
"""


@dag(
    schedule="*/5 * * * *",
    description="Looks for what is wrong, opens and resolves alerts, and tells people",
    doc_md=DOC,
    tags=["alerts"],
    **rules(owner="operations", longest=dt.timedelta(minutes=10)),
)
def check_alerts() -> None:
    """Wire the tasks: people are told also where a check could not be carried out."""

    @task(doc_md="Runs the checks of every few minutes.")
    def look() -> None:
        scheduled.look_out()

    @task(doc_md="Sends the outbox to the channels.", trigger_rule=TriggerRule.ALL_DONE)
    def tell() -> None:
        scheduled.tell()

    look() >> tell()


check_alerts()
