"""Every condition that can raise an alert, by name; the runbook has an entry for each.

A condition that exists once has a plain name, such as ``gate:raw``. One that exists for each of
many things ends with what it is about, such as ``run:<domain>``: ``run:core`` is one of those.
"""

from __future__ import annotations

from typing import NamedTuple


class Condition(NamedTuple):
    """What can be wrong.

    Attributes:
        name: As in ``ops.alerts``; ``<…>`` stands for what it is about.
        meaning: What is wrong, as a sentence for people.
        remedy: What to do first, as a sentence for people.
    """

    name: str
    meaning: str
    remedy: str


_ALL = (
    Condition(
        "gate:raw",
        "New events do not hold what must hold of all events; their loads are held.",
        "Ask `footfall loads show ID` which events and why, then release or quarantine them.",
    ),
    Condition(
        "gate:<domain>",
        "What was built for a domain did not pass its checks; its marts stay as they were.",
        "Read the failures in the alert and in the Data Docs; mend the model or the rule.",
    ),
    Condition(
        "quality:<domain>",
        "Expectations that do not block failed in the last run: what a person should look at.",
        "Read them in the alert and in the Data Docs; mend the sender or the model.",
    ),
    Condition(
        "run:<domain>",
        "The last build of a domain failed; its marts stay as they were.",
        "Read the reason in the alert and the task's log; `footfall run` tries again.",
    ),
    Condition(
        "sample:marts",
        "Rows of marts were not what a full refresh builds; those that were found are mended.",
        "Run `footfall run all --full-refresh`, and find out what led to it.",
    ),
    Condition(
        "task:<dag>.<task>",
        "A scheduled task has used up its retries.",
        "Read its log in Airflow's web UI.",
    ),
    Condition(
        "source_quiet:<source>",
        "Nothing comes from a source that sent at this time of the last weeks.",
        "See whether its application runs and reaches ingestion, and whether its key is valid.",
    ),
    Condition(
        "volume:<source>",
        "A source sends less than half or more than twice of what it sent in the last weeks.",
        "Ask who runs the source; look for an outage, a release, a campaign, a robot.",
    ),
    Condition(
        "event_type_stopped:<event>",
        "A type of event that was frequent does not occur any more.",
        "Look at the last release of the application, and in the quarantine.",
    ),
    Condition(
        "unusual_activity:<event>",
        "A kind of event is far more or less frequent than usual, or is new.",
        "Find out what has changed in the application, or who does it.",
    ),
    Condition(
        "fields_drifted:<event>",
        "A type of event has lost fields, has new ones, or has them of another type.",
        "Compare with the catalogue, and ask who changed the sender.",
    ),
    Condition(
        "error_rate",
        "Many of the events that come in cannot be stored and go into quarantine.",
        "`footfall quarantine list` shows from whom and why.",
    ),
    Condition(
        "events_dropped",
        "Far fewer events happen than at the same time the day before.",
        "Find out which source or event type is missing, and whether its sender runs.",
    ),
    Condition(
        "missing_records",
        "The ledger tells of events that cannot be found among the raw events.",
        "`footfall loads list` shows the loads; look for deletions by hand, or a damaged disk.",
    ),
    Condition(
        "database_latency",
        "Postgres takes long to commit.",
        "Look at the disk, at locks and at long queries in `pg_stat_activity`.",
    ),
    Condition(
        "metrics_accuracy",
        "A day's figures in the marts differ from what has landed.",
        "`footfall run all --full-refresh` restates the marts; then find out why they differed.",
    ),
    Condition(
        "loads_waiting",
        "Events have landed and are not built into the marts.",
        "See whether the scheduler runs, then `footfall run all`.",
    ),
    Condition(
        "marts_late:<domain>",
        "The marts of a domain do not follow the events that have been built.",
        "See whether its DAG runs, then `footfall run DOMAIN`.",
    ),
    Condition(
        "response_time:<endpoint>",
        "An endpoint of your application answers slowly.",
        "Look at `marts.endpoint_performance_hourly`, and at what the application did meanwhile.",
    ),
    Condition(
        "dependency:<service>",
        "A part of Footfall does not answer, or says that it is not well.",
        "`footfall status` tells which and why; its log is in `logs/`.",
    ),
    Condition(
        "partitions:raw.events",
        "Days to come have no partition of raw.events; their events wait in the default one.",
        "Read why in the alert, then `footfall migrate`, which makes the partitions as the owner.",
    ),
    Condition(
        "channel:<channel>",
        "Alerts cannot be delivered to a channel.",
        "Correct its URL in `FOOTFALL_ALERT_CHANNELS`, then `footfall alerts test`.",
    ),
)
CONDITIONS = {condition.name: condition for condition in _ALL}


def condition_of(name: str) -> Condition:
    """Return what stands behind the name of an alert.

    Args:
        name: As in ``ops.alerts``, such as ``gate:raw`` or ``run:core``.

    Raises:
        ValueError: There is no such condition.

    >>> condition_of("run:core").name
    'run:<domain>'
    """
    found = CONDITIONS.get(name)
    if found is None:
        kind = name.partition(":")[0]
        families = (other for other in _ALL if other.name.startswith(f"{kind}:<"))
        found = next(families, None)
    if found is None:
        raise ValueError(
            f"{name} is no condition: describe it in pipeline/conditions.py and docs/guides/"
            "alerts.md"
        )
    return found
