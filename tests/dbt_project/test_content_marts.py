"""The marts about content, heatmaps, event types and milestones."""

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

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
PAGE = "https://tickets.example/events"


def about(event_type: str, user: str = "reader", **fields: object) -> dict[str, object]:
    return {
        "category": "content",
        "event_type": event_type,
        "entity_type": "event",
        "entity_id": "concert",
        "user_id": user,
        "occurred_at": NOON,
        **fields,
    }


def pointed(**properties: object) -> dict[str, object]:
    return {
        "category": "page",
        "event_type": "heatmap",
        "entity_type": "page",
        "entity_id": PAGE,
        "occurred_at": NOON,
        "properties": {"element_selector": ".event-card", **properties},
    }


def fast(event_type: str, fast_id: str, user: str, hours: float) -> dict[str, object]:
    return {
        "category": "user_action",
        "event_type": event_type,
        "entity_type": "fast",
        "entity_id": fast_id,
        "user_id": user,
        "occurred_at": NOON + timedelta(hours=hours),
    }


def joined(fast_id: str, numbers: range, hours: float = 0) -> list[dict[str, object]]:
    return [fast("user_joined_fast", fast_id, f"u{number}", hours + number) for number in numbers]


CONCERT = [
    about("post", "author"),
    *(about("view", f"u{number}") for number in range(20)),
    *(about("like", f"u{number}") for number in range(3)),
    about("unlike", "u0", occurred_at=NOON + timedelta(days=40)),
    about("share"),
    about("bookmark"),
    about("interaction"),
    {**about("event_click"), "category": "user"},
    {**about("purchase", value=Decimal("99.99"), currency="EUR"), "category": "conversion"},
    {**about("registration", value=0), "category": "conversion"},
]
POINTED = [
    pointed(x_position=150, y_position=200, click_count=1, hover_count=3, scroll_depth=75),
    pointed(x_position=159.9, y_position=219, click_count=2, scroll_depth=50),
    pointed(x_position=160, y_position=200, click_count=1),
    pointed(scroll_depth=90),
]
FASTS = [
    # ten come, one goes again and comes back: the tenth time is the only one
    *joined("steady", range(10)),
    fast("user_left_fast", "steady", "u1", 20),
    fast("user_joined_fast", "steady", "u1", 30),
    # who joins twice is one; a late leave moves the moment
    *joined("twice", range(9)),
    *joined("twice", range(1), 8.5),
    *joined("late", range(12)),
    *joined("crowd", range(30)),
]
LATE = [fast("user_left_fast", "late", "u0", 5), *joined("crowd", range(30, 105))]
LOADS: list[Sequence[dict[str, object]]] = [
    [*CONCERT[2:], *POINTED[:2], *FASTS],
    [*CONCERT[:2], *POINTED[2:], *LATE],
]


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    for events in LOADS:
        land(warehouse, events)
        run(
            ["content"], settings=settings_for(warehouse), trigger="test", gates=GivenGates()
        ).raise_for_state()
    return warehouse


def milestones(warehouse: Warehouse, fast_id: str) -> list[tuple[Any, ...]]:
    columns = "threshold, extract(epoch from reached_at - '2024-06-03 12:00Z')::integer / 3600"
    return sorted(mart(warehouse, f"milestones where entity_id = '{fast_id}'", columns))


def test_engagement_counts_what_people_did(built: Warehouse) -> None:
    columns = (
        "entity_id, author_id, total_views, total_interactions, total_likes, total_shares,"
        " total_bookmarks, total_clicks, engagement_rate"
    )
    assert mart(built, "entity_engagement where entity_id = 'concert'", columns) == [
        ("concert", "author", 20, 7, 2, 1, 1, 1, Decimal("35.0"))
    ]


def test_conversions_of_an_entity_keep_their_currency(built: Warehouse) -> None:
    columns = "total_conversions, conversion_values, total_conversion_value, conversion_currency"
    assert mart(built, "entity_engagement where entity_id = 'concert'", columns) == [
        (2, {"EUR": 99.99, "unknown": 0}, None, None)
    ]


def test_a_heatmap_adds_up_clicks_by_cell(built: Warehouse) -> None:
    columns = "cell_x, cell_y, x_from, y_from, clicks, hovers, average_scroll_depth, events"
    assert sorted(mart(built, "page_heatmap", columns)) == [
        (-1, -1, -20, -20, 0, 0, Decimal("90.0"), 1),
        (7, 10, 140, 200, 3, 3, Decimal("62.5"), 2),
        (8, 10, 160, 200, 1, 0, None, 1),
    ]


def test_event_types_are_counted_by_day(built: Warehouse) -> None:
    only = "where category = 'content' and event_type in ('like', 'unlike')"
    columns = "event_type, date, events, unique_users"
    assert sorted(mart(built, f"event_types_daily {only}", columns)) == [
        ("like", NOON.date(), 3, 3),
        ("unlike", NOON.date() + timedelta(40), 1, 1),
    ]


def test_a_milestone_is_reached_once(built: Warehouse) -> None:
    assert milestones(built, "steady") == [(10, 9)]


def test_who_joins_twice_does_not_reach_a_milestone(built: Warehouse) -> None:
    assert milestones(built, "twice") == []


def test_a_leave_that_arrives_late_moves_the_milestone(built: Warehouse) -> None:
    assert milestones(built, "late") == [(10, 10)]


def test_milestones_follow_one_another(built: Warehouse) -> None:
    assert milestones(built, "crowd") == [(10, 9), (25, 24), (50, 49), (100, 99)]


def test_participants_are_known_for_every_day(built: Warehouse) -> None:
    columns = "date, joined, left_again, net_participants, participants"
    only = "participation_daily where entity_id = 'steady'"
    assert mart(built, only, columns) == [
        (date(2024, 6, 3), 10, 0, 10, 10),
        (date(2024, 6, 4), 1, 1, 0, 10),
    ]
