"""Which raw events are due, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.retention.contents import Contents
from pipeline.retention.rules import EventClass, Rules


@dataclass(frozen=True)
class DayPlan:
    """What is due of the events received on one day.

    Attributes:
        day: Day of receipt, UTC.
        classes: Classes of events that go.
        events: How many events that are.
        size: Bytes on disk that they take.
        is_whole: Whether everything of the day goes, and with it the partition.
    """

    day: dt.date
    classes: tuple[EventClass, ...]
    events: int
    size: int
    is_whole: bool


def plan_days(contents: Mapping[dt.date, Contents], rules: Rules, today: dt.date) -> list[DayPlan]:
    """Return the days of which something is due, oldest first.

    An event is due when its whole day of receipt is longer ago than it is kept.

    Args:
        contents: What each day holds.
        rules: How long events are kept.
        today: Day of now, UTC.
    """
    plans = []
    for day, held in sorted(contents.items()):
        whole_days_ago = (today - day).days - 1
        due = [one for one in sorted(held) if rules.days(one) <= whole_days_ago]
        is_whole = len(due) == len(held) and rules.shortest <= whole_days_ago
        if due or is_whole:
            plans.append(
                DayPlan(
                    day,
                    tuple(due),
                    sum(held[one].events for one in due),
                    sum(held[one].size for one in due),
                    is_whole,
                )
            )
    return plans
