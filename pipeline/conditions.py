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
        "run:<domain>",
        "The last build of a domain failed; its marts stay as they were.",
        "Read the reason in the alert and the task's log; `footfall run` tries again.",
    ),
    Condition(
        "task:<dag>.<task>",
        "A scheduled task has used up its retries.",
        "Read its log in Airflow's web UI.",
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
