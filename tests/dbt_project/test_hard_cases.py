"""Days, weeks and months where the clock makes them hard: built in Berlin's time, in two loads."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, mart, settings_for
from tests.rows import land

Event = dict[str, object]
# Berlin puts its clocks forward at 02:00 on 31 March 2024, back at 03:00 on 27 October
SPRING, AUTUMN = date(2024, 3, 31), date(2024, 10, 27)
SPRING_MIDNIGHT = datetime(2024, 3, 30, 23, tzinfo=UTC)
AUTUMN_MIDNIGHT = datetime(2024, 10, 26, 22, tzinfo=UTC)
MANY = 100_000


def viewed(user: str, at: datetime, page: str = "/", **fields: object) -> Event:
    return {"user_id": user, "occurred_at": at, "context": {"page_path": page}, **fields}


def in_community(user: str, at: datetime) -> Event:
    return {
        "user_id": user,
        "category": "community",
        "event_type": "view",
        "entity_type": "community",
        "entity_id": "c1",
        "occurred_at": at,
    }


def hours(midnight: datetime, *numbers: float) -> list[datetime]:
    return [midnight + timedelta(hours=number) for number in numbers]


# one view in the first and one in the last minute of the day, and one on either side of it
AROUND_SPRING = [viewed("spring", at) for at in hours(SPRING_MIDNIGHT, -1 / 60, 0, 23 - 1 / 60, 23)]
AROUND_AUTUMN = [viewed("autumn", at) for at in hours(AUTUMN_MIDNIGHT, -1 / 60, 0, 25 - 1 / 60, 25)]
# 02:30 comes twice in autumn: as two hours, and in a session of half an hour at most
TWICE_HALF_PAST_TWO = [in_community("night owl", at) for at in hours(AUTUMN_MIDNIGHT, 2.5, 3.5)]
AT_ONCE = [
    viewed("twin", datetime(2024, 5, 1, 12, tzinfo=UTC), page, event_id=uuid.UUID(int=number))
    for number, page in enumerate(["/first", "/second", "/third"], start=1)
]
# from 23:40 of a month's last day in Berlin on
OVER_MONTHS_END = [
    viewed("owl", datetime(2024, 4, 30, 21, 40, tzinfo=UTC) + timedelta(minutes=minutes), page)
    for minutes, page in [(0, "/a"), (25, "/b"), (50, "/c")]
]
BUSY = [
    viewed("busy", datetime(2024, 6, 3, 10, tzinfo=UTC) + timedelta(milliseconds=100 * number))
    for number in range(MANY)
]
LOADS: list[Sequence[Event]] = [
    [*AROUND_SPRING[1:], *AROUND_AUTUMN[1:], *TWICE_HALF_PAST_TWO, *AT_ONCE[1:],
     *OVER_MONTHS_END[::2], *BUSY[1:]],
    [AROUND_SPRING[0], AROUND_AUTUMN[0], AT_ONCE[0], OVER_MONTHS_END[1], BUSY[0]],
]  # fmt: skip


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    settings = settings_for(warehouse).model_copy(update={"reporting_timezone": "Europe/Berlin"})
    for events in LOADS:
        land(warehouse, events)
        run(
            ["daily", "user", "community"], settings=settings, trigger="test", gates=GivenGates()
        ).raise_for_state()
    return warehouse


def days_of(warehouse: Warehouse, user: str, columns: str) -> list[tuple[Any, ...]]:
    return mart(warehouse, f"user_daily where user_id = '{user}'", f"date, {columns}")


def period(warehouse: Warehouse, name: str, first_day: str, columns: str) -> tuple[Any, ...]:
    column = {"daily": "date", "weekly": "week", "monthly": "month"}[name]
    (row,) = mart(warehouse, f"{name}_analytics where {column} = '{first_day}'", columns)
    return row


@pytest.mark.parametrize(("user", "day"), [("spring", SPRING), ("autumn", AUTUMN)])
def test_a_day_has_23_hours_in_spring_and_25_in_autumn(
    built: Warehouse, user: str, day: date
) -> None:
    assert days_of(built, user, "page_views") == [
        (day - timedelta(1), 1),
        (day, 2),
        (day + timedelta(1), 1),
    ]


def test_the_hour_that_comes_twice_is_two_hours(built: Warehouse) -> None:
    columns = "hour at time zone 'UTC', hour_of_day, views, sessions"
    only = "community_hourly where community_id = 'c1' and views > 0"
    midnight = AUTUMN_MIDNIGHT.replace(tzinfo=None)
    assert mart(built, only, columns) == [
        (midnight + timedelta(hours=2), 2, 1, 1),
        (midnight + timedelta(hours=3), 2, 1, 1),
    ]


def test_members_are_online_on_average_over_25_hours_in_autumn(built: Warehouse) -> None:
    columns = "average_online_members, peak_community_activity"
    online = round(Decimal(2 * 300) / (25 * 3600), 3)
    assert period(built, "daily", str(AUTUMN), columns) == (online, 1)


def test_events_in_the_same_millisecond_follow_one_another_by_their_ids(built: Warehouse) -> None:
    columns = "pages, entry_page, exit_page, duration_seconds"
    assert mart(built, "sessions where visitor_id = 'twin'", columns) == [
        (["/first", "/second", "/third"], "/first", "/third", 0)
    ]


def test_a_session_over_midnight_and_a_months_end_is_one_where_it_began(built: Warehouse) -> None:
    columns = "started_date, page_views, duration_seconds"
    assert mart(built, "sessions where visitor_id = 'owl'", columns) == [
        (date(2024, 4, 30), 3, Decimal(3000))
    ]
    assert days_of(built, "owl", "page_views, sessions") == [
        (date(2024, 4, 30), 1, 1),
        (date(2024, 5, 1), 2, 0),
    ]
    assert period(built, "monthly", "2024-04-01", "sessions") == (1,)
    assert period(built, "monthly", "2024-05-01", "sessions, active_users") == (1, 2)


def test_a_visitor_with_100000_events_is_one_session_of_them(built: Warehouse) -> None:
    columns = "events, page_views, jsonb_array_length(pages), duration_seconds"
    assert mart(built, "sessions where visitor_id = 'busy'", columns) == [
        (MANY, MANY, 50, Decimal(MANY - 1) / 10)
    ]
    assert period(built, "weekly", "2024-06-03", "events, active_users") == (MANY, 1)


def test_periods_without_events_are_zero(built: Warehouse) -> None:
    columns = "events, active_users, sessions, average_online_members, total_users"
    assert period(built, "daily", "2024-08-15", columns) == (0, 0, 0, 0, 4)
    assert period(built, "weekly", "2024-08-12", columns) == (0, 0, 0, 0, 4)
    assert period(built, "monthly", "2024-08-01", columns) == (0, 0, 0, 0, 4)
    assert len(mart(built, "monthly_analytics")) == len(range(3, 11))
    assert len(mart(built, "daily_analytics")) == (AUTUMN - SPRING).days + 3


def test_who_comes_on_several_days_counts_once_in_a_week_and_a_month(built: Warehouse) -> None:
    columns = "active_users, new_users, page_views, is_complete"
    # 30 March is in the week before: the week of 25 March ends with the last Sunday of March
    assert period(built, "weekly", "2024-03-25", columns) == (1, 1, 3, True)
    assert period(built, "weekly", "2024-04-01", columns) == (1, 0, 1, True)
    assert period(built, "monthly", "2024-03-01", columns) == (1, 1, 3, True)
    assert period(built, "monthly", "2024-10-01", columns) == (2, 2, 4, False)
