"""Sends simulated events."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from ingestion.client import EventSender
from ingestion.simulator.traffic import simulated_events
from ingestion.verdict import QUARANTINED, STORED
from warehouse.errors import OperatorError

_BATCH_EVENTS = 1_000


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
    verdicts_so_far: Counter[str] = Counter({STORED: 0})
    source = simulated_events(seed, events, start, end)

    def batches() -> Iterator[tuple[None, list[dict[str, Any]]]]:
        while batch := list(islice(source, _BATCH_EVENTS)):
            yield None, batch

    with closing(sender.send_many(batches())) as answered:
        for _, verdicts in answered:
            verdicts_so_far.update(verdict.status for verdict in verdicts)
            for verdict in verdicts:
                if verdict.status == QUARANTINED and verdict.reason is not None:
                    raise OperatorError(
                        f"a simulated event was put into quarantine: {verdict.reason.message}"
                    )
            if notify is not None:
                notify(verdicts_so_far.total(), events)
    return verdicts_so_far
