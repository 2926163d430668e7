"""When visits happen: fewer at night, fewer on weekdays' mornings, in the order of time."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from ingestion.simulator.visit import Visit
from ingestion.simulator.world import World, visitors_of

# Share of a day's visits by hour, UTC: the night's low, and a peak in the evening.
_HOURS = (8, 5, 4, 3, 3, 5, 10, 18, 26, 32, 36, 38, 42, 40, 37, 36, 38, 42, 50, 58, 60, 50, 32, 17)
_WEEKDAYS = (1.0, 0.97, 0.98, 1.0, 1.05, 1.25, 1.3)  # Monday first
_SLOT_SECONDS = 900.0


def simulated_events(
    seed: int,
    events: int,
    start: dt.datetime,
    end: dt.datetime,
    visitors: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Make up events, as ``POST /v1/events`` takes them.

    The same arguments make the same events. An event's id follows from the seed and from which of
    its events it is, so that events of one seed count once, whatever the time they are given.

    Args:
        seed: Seed of all chance.
        events: How many events, exactly.
        start: The first moment, with a time zone.
        end: The moment after the last, with a time zone.
        visitors: Of how many visitors; None: of as many as such events have in a year.

    Yields:
        Events in the order of time, all of them from ``start`` on and before ``end``.

    Raises:
        ValueError: There is no time between start and end.
    """
    first, last = start.timestamp(), end.timestamp()
    if first >= last:
        raise ValueError("the end must be later than the start")
    prefix = _id_prefix(seed)
    timed = _in_order(seed, events, first, last, visitors or visitors_of(events))
    for number, (moment, event) in enumerate(timed):
        event["event_id"] = f"{prefix}{number:012x}"
        event["occurred_at"] = _write(moment)
        yield event


def _in_order(
    seed: int, events: int, first: float, last: float, visitors: int
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield events with their times, slot by slot of the time line."""
    random = Random(seed)  # noqa: S311 - chance that must be foreseeable
    world = World(random, visitors)
    waiting: list[tuple[float, int, dict[str, Any]]] = []
    numbers = count()
    visits = count(1)
    made = 0
    for begin, finish, due in _slots(events, first, last):
        while made < due:
            visit = Visit(
                random,
                world,
                world.visitors[world.any_visitor()],
                f"s-{seed}-{next(visits)}",
                random.uniform(begin, finish),
            )
            for moment, event in visit.walk():
                # a visit that is not over at the end is cut off there, as in life
                if moment < last and made < events:
                    heappush(waiting, (moment, next(numbers), event))
                    made += 1
        while waiting and waiting[0][0] < finish:
            moment, _, event = heappop(waiting)
            yield moment, event
    while waiting:
        moment, _, event = heappop(waiting)
        yield moment, event


def _slots(events: int, first: float, last: float) -> Iterator[tuple[float, float, int]]:
    """Yield the slots of the time line, each with the events due up to its end."""
    bounds = []
    weights = []
    begin = first
    while begin < last:
        finish = min(begin + _SLOT_SECONDS, last)
        moment = dt.datetime.fromtimestamp(begin, dt.UTC)
        weight = _HOURS[moment.hour] * _WEEKDAYS[moment.weekday()]
        bounds.append((begin, finish))
        weights.append(weight * (finish - begin))
        begin = finish
    total = sum(weights)
    so_far = 0.0
    for number, ((begin, finish), weight) in enumerate(zip(bounds, weights, strict=True), 1):
        so_far += weight
        due = events if number == len(bounds) else int(events * so_far / total)
        yield begin, finish, due


def _write(moment: float) -> str:
    text = dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"


def _id_prefix(seed: int) -> str:
    """Return all of a version 8 UUID but its last group, which counts: new ids lie side by side."""
    text = hashlib.sha256(f"footfall simulator {seed}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-8{text[12:15]}-8{text[15:18]}-"
