"""Sends simulated events."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from ingestion.client import EventSender
from ingestion.simulator.traffic import simulated_events
from ingestion.verdict import QUARANTINED, STORED
from warehouse.errors import OperatorError

_NOTE_EVERY = 1_000  # events


def send_simulated(
    sender: EventSender,
    *,
    seed: int,
    events: int,
    start: dt.datetime,
    end: dt.datetime,
    notify: Callable[[int, int], None] | None = None,
) -> Counter[str]:
    """Make up events, and send them.

    Args:
        sender: Where to.
        seed: Seed of all chance; events of one seed count once, however often they are sent.
        events: How many.
        start: The first moment, with a time zone.
        end: The moment after the last, with a time zone.
        notify: Told how many events are sent, and how many there are to send.

    Returns:
        Events by what became of them.

    Raises:
        OperatorError: The API does not answer, or does not let the events in.
    """
    counts: Counter[str] = Counter({STORED: 0})
    verdicts = sender.send_all(simulated_events(seed, events, start, end))
    with closing(verdicts):
        for done, verdict in enumerate(verdicts, 1):
            counts[verdict.status] += 1
            if verdict.status == QUARANTINED and verdict.reason is not None:
                raise OperatorError(
                    f"a simulated event was put into quarantine: {verdict.reason.message}"
                )
            if notify is not None and (done % _NOTE_EVERY == 0 or done == events):
                notify(done, events)
    return counts
