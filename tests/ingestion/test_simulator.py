"""Simulated events are those of one world for each seed, and ingestion takes all of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from ingestion.client import EventSender
from ingestion.simulator import simulated_events
from tests.conftest import Warehouse
from tests.servers import running_ingestion

END = dt.datetime(2026, 11, 20, 15, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def test_the_same_seed_gives_the_same_events() -> None:
    assert list(simulated_events(7, 500, END - DAY, END)) == list(
        simulated_events(7, 500, END - DAY, END)
    )


def test_another_seed_gives_others() -> None:
    ids = {event["event_id"] for event in simulated_events(7, 500, END - DAY, END)}
    others = {event["event_id"] for event in simulated_events(8, 500, END - DAY, END)}
    assert not ids & others


@pytest.mark.parametrize("days", [0.01, 1, 30, 365])
def test_there_are_as_many_events_as_asked_for_in_the_order_of_their_time(days: float) -> None:
    start = END - dt.timedelta(days=days)
    events = list(simulated_events(1, 5_001, start, END))
    times = [dt.datetime.fromisoformat(event["occurred_at"]) for event in events]
    assert len({event["event_id"] for event in events}) == len(events) == 5_001
    assert times == sorted(times)
    assert start - dt.timedelta(milliseconds=1) < times[0]
    assert times[-1] < END


def test_nights_are_quieter_than_evenings() -> None:
    hours = Counter(
        dt.datetime.fromisoformat(event["occurred_at"]).hour
        for event in simulated_events(1, 20_000, END - 7 * DAY, END)
    )
    assert hours[19] > 3 * hours[3]


def test_ingestion_stores_every_simulated_event_once(warehouse: Warehouse) -> None:
    with (
        running_ingestion(warehouse) as ingestion,
        EventSender(ingestion.url, ingestion.write_key) as sender,
    ):
        for expected in ("stored", "duplicate"):
            events = simulated_events(1, 3_000, END - DAY, END)
            statuses = Counter(verdict.status for verdict in sender.send_all(events))
            assert statuses == {expected: 3_000}
