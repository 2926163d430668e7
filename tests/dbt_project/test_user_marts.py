"""The marts about users: what each did, who is active, who comes back, and by which ways."""

from __future__ import annotations

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

MONDAY = datetime(2024, 6, 3, 12, tzinfo=UTC)
MONTHS_END = datetime(2024, 6, 30, 23, 50, tzinfo=UTC)
Event = dict[str, object]


def did(user: str, category: str, event_type: str, **fields: object) -> Event:
    return {
        "user_id": user,
        "category": category,
        "event_type": event_type,
        "occurred_at": MONDAY,
        **fields,
    }


def viewed(user: str, at: datetime, page: str = "/", **fields: object) -> Event:
    return did(user, "user", "page_view", occurred_at=at, context={"page_path": page}, **fields)


def in_community(event_type: str, community: str, minutes: float) -> Event:
    at = MONDAY + timedelta(minutes=minutes)
    about = {"entity_type": "community", "entity_id": community}
    return did("member", "community", event_type, occurred_at=at, **about)


def tried(user: str, country: str, days: int = 0, **properties: object) -> Event:
    about = {"entity_type": "community", "entity_id": "c1", "properties": properties}
    place = {"context": {"country": country, "city": f"capital of {country}"}}
    at = MONDAY + timedelta(days=days)
    return did(user, "geo", "country_blocked", occurred_at=at, **about, **place)


def on_post(event_type: str, user: str, post: str = "p1") -> Event:
    return did(user, "content", event_type, entity_type="post", entity_id=post)


def on_user(event_type: str, user: str) -> Event:
    return did(user, "content", event_type, entity_type="user", entity_id="author")


MEMBER = [
    viewed("member", MONDAY, "/a"),
    viewed("member", MONDAY + timedelta(minutes=1), "/b"),
    in_community("view", "c1", 2),
    in_community("view", "c2", 3),
    in_community("join", "c1", 4),
    in_community("like", "c1", 30),
    did("member", "system", "error"),
]
TRAVELLERS = [
    tried("stays", "DE"),
    tried("stays", "DE", 1),
    tried("moves", "DE"),
    tried("moves", "FR", 1),
    tried("told", "DE", 0, is_traveler=True),
]
AUTHORS = [
    on_post("like", "early fan"),
    on_post("like", "stranger"),
    on_post("post", "copycat", "p2"),
    on_post("like", "stranger", "p2"),
    on_user("follow", "stranger"),
    on_user("follow", "early fan"),
    on_user("unfollow", "stranger"),
]
LATE_AUTHOR = [on_post("post", "author"), viewed("author", MONDAY)]
BUYERS = [
    did("buyer", "conversion", "purchase", value=Decimal("10.10"), currency="EUR"),
    did("buyer", "conversion", "purchase", value=Decimal("0.20"), currency="EUR"),
    did("buyer", "product", "cart_add", entity_type="product", entity_id="p"),
    did("looker", "product", "cart_add", entity_type="product", entity_id="p"),
    did("mixed", "conversion", "purchase", value=1, currency="USD"),
    did("mixed", "conversion", "purchase", value=2, currency="EUR"),
]
SAME_MILLISECOND = [viewed("twin", MONDAY, page) for page in ("/1", "/2")]
OVER_MONTHS_END = [
    viewed("night owl", MONTHS_END + timedelta(minutes=minutes), page)
    for minutes, page in [(0, "/a"), (25, "/b"), (50, "/a"), (81, "/c")]
]
COMING_BACK = [
    viewed(user, MONDAY + timedelta(days=days), "/cohort")
    for user, when in {
        "weekly 1": (0, 2, 8, 27),
        "weekly 2": (1, 16),
        "weekly 3": (2,),
        "later": (27,),
    }.items()
    for days in when
]
LOADS: list[Sequence[Event]] = [
    [*MEMBER[1:], *TRAVELLERS[:4], *AUTHORS, *BUYERS[1:], *OVER_MONTHS_END[::2], *COMING_BACK],
    [*MEMBER[:1], *TRAVELLERS[4:], *LATE_AUTHOR, *BUYERS[:1], *OVER_MONTHS_END[1::2],
     *SAME_MILLISECOND],
]  # fmt: skip


def bring_up_to_date(warehouse: Warehouse, *, full_refresh: bool = False) -> None:
    run(
        ["user"],
        settings=settings_for(warehouse),
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


def of_user(warehouse: Warehouse, user: str, columns: str) -> tuple[Any, ...]:
    (row,) = mart(warehouse, f"user_analytics where user_id = '{user}'", columns)
    return row


def test_a_day_of_a_user_tells_of_pages_communities_and_places(built: Warehouse) -> None:
    columns = (
        "date, events, page_views, actions_performed, sessions, communities_viewed,"
        " communities_joined, community_online_time, community_interactions, travel_detected"
    )
    # online: c1 from 2 to 9 and from 30 to 35 minutes, c2 from 3 to 8
    assert mart(built, "user_daily where user_id = 'member'", columns) == [
        (MONDAY.date(), 7, 2, 4, 1, 2, 1, Decimal(17 * 60), 1, False)
    ]


def test_places_are_listed_once(built: Warehouse) -> None:
    assert of_user(built, "moves", "locations_accessed_from, geo_restricted_attempts") == (
        [
            {"country": "DE", "city": "capital of DE"},
            {"country": "FR", "city": "capital of FR"},
        ],
        2,
    )
    assert mart(built, "user_daily where user_id = 'stays'", "locations_accessed_from") == [
        ([{"country": "DE", "city": "capital of DE"}],),
        ([{"country": "DE", "city": "capital of DE"}],),
    ]


@pytest.mark.parametrize(("user", "travels"), [("stays", False), ("moves", True), ("told", True)])
def test_travel_is_told_by_the_sender_or_by_two_countries(
    built: Warehouse, user: str, travels: bool
) -> None:
    assert of_user(built, user, "travel_detected") == (travels,)


def test_likes_go_to_who_published_first_even_if_that_arrives_late(built: Warehouse) -> None:
    columns = "total_likes_received, followers_gained, followers_lost"
    assert of_user(built, "author", columns) == (2, 2, 1)
    assert of_user(built, "copycat", columns) == (1, 0, 0)


def test_conversion_values_are_never_added_across_currencies(built: Warehouse) -> None:
    columns = "total_conversions, total_conversion_value, conversion_currency, conversion_values"
    assert of_user(built, "buyer", columns) == (2, Decimal("10.3"), "EUR", {"EUR": 10.3})
    assert of_user(built, "mixed", columns) == (2, None, None, {"EUR": 2, "USD": 1})


def test_events_are_told_by_type(built: Warehouse) -> None:
    assert of_user(built, "night owl", "events_by_type, bounce_rate, total_sessions") == (
        {"user/page_view": 4},
        Decimal("50.0"),
        2,
    )


def test_a_session_over_midnight_and_months_end_is_one(built: Warehouse) -> None:
    columns = "started_at, started_date, duration_seconds, page_views, pages, is_bounce"
    assert mart(built, "sessions where visitor_id = 'night owl'", columns) == [
        (MONTHS_END, date(2024, 6, 30), Decimal(3000), 3, ["/a", "/b", "/a"], False),
        (MONTHS_END + timedelta(minutes=81), date(2024, 7, 1), Decimal(0), 1, ["/c"], True),
    ]


def test_journeys_count_sessions_by_step(built: Warehouse) -> None:
    only = "user_journeys where date = '2024-06-30' and '/b' in (from_page, to_page)"
    assert sorted(mart(built, only, "step, from_page, to_page, sessions")) == [
        (1, "/a", "/b", 1),
        (2, "/b", "/a", 1),
    ]


def test_carts_are_opened_converted_or_abandoned(built: Warehouse) -> None:
    columns = "carts_opened, carts_converted, carts_abandoned, cart_abandonment_rate"
    assert mart(built, f"user_behavior_daily where date = '{MONDAY.date()}'", columns) == [
        (2, 1, 1, Decimal("50.0"))
    ]


def test_active_users_are_distinct_over_seven_and_28_days(built: Warehouse) -> None:
    columns = "active_users_1d, active_users_7d, active_users_28d"
    days = {row[0]: row[1:] for row in mart(built, "user_behavior_daily", f"date, {columns}")}
    everybody = len({event["user_id"] for events in LOADS for event in events})
    assert len(days) == 29
    assert days[date(2024, 6, 11)] == (1, 2, everybody - 2)
    assert days[date(2024, 6, 19)] == (1, 1, everybody - 2)
    assert days[date(2024, 6, 30)] == (3, 3, everybody)
    assert days[date(2024, 7, 1)][:2] == (1, 3)


def test_a_cohort_that_is_not_over_has_no_rate(built: Warehouse) -> None:
    columns = "n, cohort_size, active_visitors, is_complete, retention_rate"
    only = "retention_cohorts where period = 'week' and cohort_date = '2024-06-03'"
    everybody = len({event["user_id"] for events in LOADS for event in events})
    first_week = everybody - 2  # without night owl and later
    share = round(Decimal(100) / first_week, 1)
    assert mart(built, only, columns) == [
        (0, first_week, first_week, True, Decimal("100.0")),
        *((n, first_week, 1, True, share) for n in (1, 2, 3)),
        (4, first_week, 0, False, None),
    ]
