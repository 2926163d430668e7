"""The marts about communities and about access to them by place."""

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

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)  # a Monday
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def happened(
    community: str, user: str, event_type: str, minutes: float = 0, **fields: object
) -> dict[str, object]:
    return {
        "category": "community",
        "event_type": event_type,
        "entity_type": "community",
        "entity_id": community,
        "user_id": user,
        "occurred_at": NOON + timedelta(minutes=minutes),
        **fields,
    }


def tried(event_type: str, user: str, days: int = 0, **fields: object) -> dict[str, object]:
    at = NOON + timedelta(days=days)
    return {**happened("geo", user, event_type), "category": "geo", "occurred_at": at, **fields}


def place(country: str, city: str) -> dict[str, object]:
    return {"country": country, "city": city}


READERS_ONLY = [happened("no-members", user, "view", 40 * n) for n in range(3) for user in "ab"]
REJOINED = [
    happened("rejoined", "twice", "join"),
    happened("rejoined", "twice", "join", 1),
    happened("rejoined", "gone", "join"),
    happened("rejoined", "gone", "leave", 1),
    happened("rejoined", "stranger", "leave"),
    # in the same millisecond the ids decide: they are in the order of sending
    happened("rejoined", "quick", "leave", 2, event_id=uuid.UUID(int=12)),
    happened("rejoined", "quick", "join", 2, event_id=uuid.UUID(int=11)),
]
ACTIVE_FOR_A_WEEK = [
    *(happened("weekly", user, "join") for user in "abcd"),
    happened("weekly", "a", "view", 60 * 24 * 7),
    happened("weekly", "b", "leave", 60 * 24 * 7),
]
OVER_NEW_YEAR = [
    happened("party", user, "heartbeat", occurred_at=NEW_YEAR + timedelta(seconds=seconds))
    for user, seconds in [("a", -240), ("b", -60), ("a", 30), ("c", 60), ("c", 240), ("d", 331)]
]
REPORTED = [
    happened("123", f"u{number % 5}", "view", 3 * number, session_id="one for all")
    for number in range(20)
]
ATTEMPTS = [
    *(tried("country_allowed", "u1", context=place("FR", "Paris")) for _ in range(5)),
    tried("city_blocked", "u2", context=place("DE", "Berlin")),
    tried("region_blocked", "u2", context=place("DE", "Berlin")),
    tried("traveler_access", "u3", context=place("FR", "Paris")),
    tried("restriction_bypass", "u4", properties={"access_result": "blocked"}),
    tried("country_allowed", "u1", 2, properties={"is_traveler": True}),
]
LOADS: list[Sequence[dict[str, object]]] = [
    [*READERS_ONLY, *REJOINED[1:], *OVER_NEW_YEAR[2:], *ATTEMPTS[:6]],
    [*REJOINED[:1], *ACTIVE_FOR_A_WEEK, *OVER_NEW_YEAR[:2], *REPORTED, *ATTEMPTS[6:]],
]


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    for events in LOADS:
        land(warehouse, events)
        run(
            ["community", "geo"],
            settings=settings_for(warehouse),
            trigger="test",
            gates=GivenGates(),
        ).raise_for_state()
    return warehouse


def rows(warehouse: Warehouse, name: str, community: str, columns: str) -> list[tuple[Any, ...]]:
    return mart(
        warehouse,
        f"{name} where community_id = '{community}'",
        columns,
    )


def test_a_community_without_members_has_visitors_and_a_peak(built: Warehouse) -> None:
    columns = (
        "members, member_retention, total_views, unique_visitors, total_sessions,"
        " peak_online_members"
    )
    assert rows(built, "community_metrics", "no-members", columns) == [
        (0, Decimal("0.0"), 6, 2, 6, 2)
    ]


def test_members_are_those_who_joined_last_and_did_not_leave(built: Warehouse) -> None:
    assert rows(built, "community_metrics", "rejoined", "members, total_joins, total_leaves") == [
        (1, 4, 3)
    ]
    columns = "visitor_id, is_member"
    assert sorted(rows(built, "community_members", "rejoined", columns)) == [
        ("gone", False),
        ("quick", False),
        ("stranger", False),
        ("twice", True),
    ]


def test_retention_is_the_share_of_members_active_in_the_last_seven_days(built: Warehouse) -> None:
    columns = "date, members, active_members_7d, member_retention"
    days = rows(built, "community_daily", "weekly", columns)
    assert len(days) == 8
    assert days[0] == (NOON.date(), 4, 4, Decimal("100.0"))
    assert days[6] == (NOON.date() + timedelta(6), 4, 4, Decimal("100.0"))
    assert days[7] == (NOON.date() + timedelta(7), 3, 1, Decimal("33.3"))


def test_the_peak_is_exact_and_knows_who_came_before_midnight(built: Warehouse) -> None:
    columns = "date, events, unique_visitors, peak_online_members"
    assert rows(built, "community_daily", "party", columns) == [
        (date(2023, 12, 31), 2, 2, 2),
        (date(2024, 1, 1), 4, 3, 3),
    ]


def test_a_member_is_online_until_just_before_five_minutes_have_passed(built: Warehouse) -> None:
    # a has gone at 330 s, a second before d comes; b at 240 s
    assert rows(built, "community_hourly", "party", "peak_online_members, hour_of_day") == [
        (2, 23),
        (3, 0),
    ]


def test_a_session_over_midnight_and_months_end_is_one(built: Warehouse) -> None:
    # a and b begin before midnight, c and d after it; time counts where it passes
    columns = "date, sessions, average_session_duration"
    assert rows(built, "community_daily", "party", columns) == [
        (date(2023, 12, 31), 2, Decimal("0.0")),
        (date(2024, 1, 1), 2, Decimal("225.0")),
    ]
    metrics = "total_sessions, average_session_duration"
    assert rows(built, "community_metrics", "party", metrics) == [(4, Decimal("112.5"))]


def test_the_report_of_a_community_adds_up(built: Warehouse) -> None:
    columns = "sum(views), max(peak_online_members), sum(sessions), max(members)"
    assert rows(built, "community_daily", "123", columns) == [(20, 2, 5, 0)]
    since = f"last_active_date > date '{NOON.date()}' - 7"
    assert rows(built, "community_members", "123", f"count(*) filter (where {since})") == [(5,)]


def test_activity_has_hours_weekdays_and_weeks(built: Warehouse) -> None:
    columns = "hour_of_day, weekday, week, views, unique_visitors"
    # some members are still online at the full hour
    assert rows(built, "community_hourly", "123", columns) == [
        (12, 1, NOON.date(), 20, 5),
        (13, 1, NOON.date(), 0, 0),
    ]


def test_blocked_and_allowed_add_up_to_all_attempts(built: Warehouse) -> None:
    columns = (
        "date, total_attempts, blocked_attempts, allowed_attempts, bypassed_attempts,"
        " traveler_attempts, unique_visitors, effectiveness_percentage"
    )
    monday = NOON.date()
    assert rows(built, "geo_effectiveness", "geo", columns) == [
        (monday, 9, 2, 7, 1, 1, 4, Decimal("22.2")),
        (monday + timedelta(1), 0, 0, 0, 0, 0, 0, Decimal("0.0")),
        (monday + timedelta(2), 1, 0, 1, 0, 1, 1, Decimal("0.0")),
    ]


def test_attempts_are_told_by_place(built: Warehouse) -> None:
    columns = "country, city, result, attempts, unique_visitors"
    assert sorted(rows(built, "geo_access_daily", "geo", columns)) == [
        ("DE", "Berlin", "blocked", 2, 1),
        ("FR", "Paris", "allowed", 6, 2),
        ("unknown", "unknown", "allowed", 1, 1),
        ("unknown", "unknown", "bypassed", 1, 1),
    ]
