"""Whose events count together: a visitor is the user once known, on whichever device."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from expectations.suites.raw import PLACEHOLDERS
from pipeline.dbt import PROJECT_DIRECTORY
from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, mart, settings_for
from tests.rows import land

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
Event = dict[str, object]


def seen(device: str | None, user: str | None, minutes: float, **fields: object) -> Event:
    return {
        "anonymous_id": device,
        "user_id": user,
        "occurred_at": NOON + timedelta(minutes=minutes),
        "context": {"page_path": f"/{minutes:g}"},
        **fields,
    }


BEFORE_AND_AFTER = [seen("d1", None, 0), seen("d1", "u1", 10), seen("d1", None, 20)]
TWO_USERS = [
    seen("shared", None, 0),
    seen("shared", "first", 10),
    seen("shared", None, 20),
    seen("shared", "second", 30),
    seen("shared", None, 40),
    seen("shared", "first", 50),
    seen("shared", None, 60),
]
TWO_DEVICES = [
    seen("phone", None, 0),
    seen("phone", "mobile", 10),
    seen("laptop", "mobile", 5),
    seen("laptop", None, 15),
]
BY_SESSION = [
    seen(None, None, 0, session_id="s1"),
    seen(None, "by session", 10, session_id="s1"),
    seen(None, None, 0, session_id="s2"),
]
PLACEHOLDER = [seen("undefined", "careless", 0), seen("undefined", None, 10)]
LATE = [seen("d2", None, 0), seen("d2", None, 60 * 24 * 40), seen("d3", None, 5)]
IDENTIFIED_LATE = [seen("d2", "late", 30, event_type="identify")]
# who was thought to be the only user of the device is not
SOMEBODY_BETWEEN = [seen("d4", "owner", 0), seen("d4", None, 30), seen("d4", None, 60)]
GUEST_LATE = [seen("d4", "guest", 45)]
# in the same millisecond the ids decide
AT_ONCE = [
    seen("d5", "one", 0, event_id=uuid.UUID(int=1)),
    seen("d5", "two", 0, event_id=uuid.UUID(int=2)),
    seen("d5", None, 0, event_id=uuid.UUID(int=3)),
]
LOADS: list[Sequence[Event]] = [
    [*BEFORE_AND_AFTER, *TWO_USERS[::2], *TWO_DEVICES, *BY_SESSION[:1], *PLACEHOLDER, *LATE,
     *SOMEBODY_BETWEEN, *AT_ONCE[1:]],
    [*TWO_USERS[1::2], *BY_SESSION[1:], *IDENTIFIED_LATE, *GUEST_LATE, *AT_ONCE[:1]],
]  # fmt: skip


def bring_up_to_date(
    warehouse: Warehouse, *, backwards: bool = True, full_refresh: bool = False
) -> None:
    run(
        ["user", "daily"],
        settings=settings_for(warehouse).model_copy(update={"stitch_backwards": backwards}),
        trigger="test",
        full_refresh=full_refresh,
        gates=GivenGates(),
    ).raise_for_state()


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    for events in LOADS:
        land(warehouse, events)
        bring_up_to_date(warehouse)
    return warehouse


def events_of(warehouse: Warehouse, user: str) -> int:
    rows = mart(warehouse, f"user_analytics where user_id = '{user}'", "total_events")
    return int(rows[0][0]) if rows else 0


def visitors(warehouse: Warehouse, *names: str) -> list[str]:
    listed = ", ".join(f"'{name}'" for name in names)
    rows = mart(warehouse, f"sessions where visitor_id in ({listed})", "distinct visitor_id")
    return [row[0] for row in rows]


def test_what_was_done_anonymously_on_the_device_of_a_user_is_the_users(built: Warehouse) -> None:
    assert events_of(built, "u1") == 3
    assert visitors(built, "d1", "u1") == ["u1"]
    columns = "visitor_id, page_views, pages"
    assert mart(built, "sessions where visitor_id = 'u1'", columns) == [
        ("u1", 3, ["/0", "/10", "/20"])
    ]


def test_of_two_users_of_a_device_the_one_last_known_did_it(built: Warehouse) -> None:
    assert (events_of(built, "first"), events_of(built, "second")) == (5, 2)


def test_a_user_on_two_devices_is_one_visitor(built: Warehouse) -> None:
    assert events_of(built, "mobile") == 4
    assert visitors(built, "phone", "laptop", "mobile") == ["mobile"]


def test_where_there_is_no_anonymous_id_the_session_is_the_device(built: Warehouse) -> None:
    assert events_of(built, "by session") == 2
    assert visitors(built, "s1", "s2") == ["s2"]


def test_an_id_that_clients_send_when_they_know_none_ties_nobody(built: Warehouse) -> None:
    assert events_of(built, "careless") == 1
    assert visitors(built, "undefined") == ["undefined"]


def test_somebody_identified_after_the_fact_has_the_days_before_and_after(built: Warehouse) -> None:
    columns = "date, events, sessions"
    days = mart(built, "user_daily where user_id = 'late'", columns)
    assert days == [
        (NOON.date(), 2, 1),
        (NOON.date() + timedelta(40), 1, 1),
    ]
    assert visitors(built, "d2", "d3") == ["d3"]


def test_a_user_who_arrives_late_takes_back_what_was_thought_anothers(built: Warehouse) -> None:
    assert (events_of(built, "owner"), events_of(built, "guest")) == (2, 2)


def test_of_users_known_in_the_same_millisecond_the_ids_decide(built: Warehouse) -> None:
    assert (events_of(built, "one"), events_of(built, "two")) == (1, 2)


def test_identification_after_the_fact_equals_a_full_refresh(built: Warehouse) -> None:
    names = ("user_analytics", "user_daily", "sessions", "daily_analytics", "user_behavior_daily")
    incremental = {name: sorted(mart(built, name), key=repr) for name in names}
    bring_up_to_date(built, full_refresh=True)
    assert incremental == {name: sorted(mart(built, name), key=repr) for name in names}


def test_stitching_forwards_alone_leaves_what_was_before(built: Warehouse) -> None:
    bring_up_to_date(built, backwards=False, full_refresh=True)
    assert events_of(built, "u1") == 2
    assert visitors(built, "d1", "u1") == ["d1", "u1"]
    assert (events_of(built, "first"), events_of(built, "second")) == (4, 2)

    land(built, [seen("d3", "known at last", 3), seen("d1", None, 30)])
    bring_up_to_date(built, backwards=False)
    assert events_of(built, "known at last") == 2
    assert events_of(built, "u1") == 3
    incremental = sorted(mart(built, "sessions"), key=repr)
    bring_up_to_date(built, backwards=False, full_refresh=True)
    assert incremental == sorted(mart(built, "sessions"), key=repr)


def test_the_ids_that_tie_nobody_are_those_that_the_raw_gate_warns_of() -> None:
    project = (PROJECT_DIRECTORY / "dbt_project.yml").read_text()
    line = next(line for line in project.splitlines() if "placeholder_ids" in line)
    listed = line.partition("[")[2].rstrip("]").replace('"', "").split(", ")
    assert tuple(listed) == PLACEHOLDERS
