"""Promise 4: whatever arrives in whatever order, every mart equals what a full refresh builds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.runs import RunReport
from tests.conftest import Warehouse
from tests.pipeline.conftest import Run, all_marts
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

# A stretch over a midnight, a month's end and a year, with steps around the session timeout.
DAYS = [datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 6, 30, 23, tzinfo=UTC)]
AN_ERROR, ANOTHER_ERROR = uuid.UUID(int=1), uuid.UUID(int=2)
MINUTES = st.sampled_from([0, 1, 3, 10, 29, 30, 31, 59, 60, 61, 75, 90, 600, 1440, 4320])
PEOPLE: list[Mapping[str, object]] = [
    {"user_id": "u1"},
    {"user_id": "u2", "session_id": "s1"},
    {"user_id": "u2", "session_id": "s2"},
    {"user_id": None, "anonymous_id": "a1"},
    {"user_id": None, "session_id": "s1"},
    {"user_id": None, "anonymous_id": "u1"},
    {"user_id": None},
    # one device of two users, and one user on two devices
    {"user_id": "u1", "anonymous_id": "a1"},
    {"user_id": "u3", "anonymous_id": "a1", "session_id": "s3"},
    {"user_id": "u3", "anonymous_id": "a2"},
    {"user_id": None, "anonymous_id": "a2", "session_id": "s3"},
]
THINGS: list[Mapping[str, object]] = [
    {"category": "user", "event_type": "page_view", "context": {"page_path": "/a"}},
    {"category": "user", "event_type": "page_view", "context": {"page_path": "/b"}},
    {"category": "user", "event_type": "page_view",
     "context": {"page_url": "https://x.example/?utm_source=google&utm_medium=cpc"}},
    {"category": "user", "event_type": "page_view",
     "context": {"page_path": "/c", "referrer": "https://www.google.com/"}},
    {"category": "user", "event_type": "registration"},
    {"category": "product", "event_type": "view", "entity_type": "product", "entity_id": "p1",
     "properties": {"product_name": "Bottle"}},
    {"category": "product", "event_type": "view", "entity_type": "product", "entity_id": "p1",
     "properties": {"product_name": "Flask"}},
    {"category": "user", "event_type": "product_view", "properties": {"product_id": "p1"}},
    {"category": "product", "event_type": "cart_add", "entity_type": "product",
     "entity_id": "p1"},
    {"category": "product", "event_type": "purchase", "entity_type": "product",
     "entity_id": "p2", "quantity": 2, "value": 10},
    {"category": "product", "event_type": "purchase", "entity_type": "product",
     "entity_id": "p2", "value": 10, "currency": "EUR"},
    {"category": "user", "event_type": "search", "properties": {"query": "Tent", "results": 0}},
    {"category": "recommendation", "event_type": "shown",
     "properties": {"surface": "home", "product_id": "p2"}},
    {"category": "recommendation", "event_type": "clicked",
     "properties": {"surface": "home", "product_id": "p2"}},
    {"category": "order", "event_type": "created", "entity_type": "order", "entity_id": "o1",
     "value": 10, "properties": {"payment_method": "card", "items_count": 2}},
    {"category": "order", "event_type": "payment_failed", "entity_type": "order",
     "entity_id": "o1"},
    {"category": "order", "event_type": "payment_completed", "entity_type": "order",
     "entity_id": "o1", "value": 12, "currency": "EUR"},
    {"category": "order", "event_type": "cancelled", "entity_type": "order", "entity_id": "o2"},
    {"category": "order", "event_type": "refunded", "entity_type": "order", "entity_id": "o1",
     "value": 3, "currency": "USD"},
    {"category": "order", "event_type": "refunded", "entity_type": "order", "entity_id": "o2"},
    {"category": "community", "event_type": "view", "entity_type": "community",
     "entity_id": "c1"},
    {"category": "community", "event_type": "join", "entity_type": "community",
     "entity_id": "c1"},
    {"category": "community", "event_type": "leave", "entity_type": "community",
     "entity_id": "c1"},
    {"category": "community", "event_type": "heartbeat", "entity_type": "community",
     "entity_id": "c2"},
    {"category": "geo", "event_type": "city_blocked", "entity_type": "community",
     "entity_id": "c1", "properties": {"is_traveler": True}},
    {"category": "geo", "event_type": "restriction_bypass", "entity_type": "community",
     "entity_id": "c1", "context": {"country": "DE", "city": "Berlin"}},
    {"category": "content", "event_type": "post", "entity_type": "post", "entity_id": "1"},
    {"category": "content", "event_type": "like", "entity_type": "post", "entity_id": "1"},
    {"category": "conversion", "event_type": "signup", "entity_type": "post", "entity_id": "1",
     "value": 5, "currency": "EUR"},
    {"category": "conversion", "event_type": "purchase", "entity_type": "post", "entity_id": "1",
     "value": 7, "properties": {"order_id": "o1"}},
    {"category": "page", "event_type": "heatmap", "entity_type": "page", "entity_id": "/a",
     "properties": {"x_position": 15, "y_position": 7, "click_count": 1, "scroll_depth": 50}},
    {"category": "user_action", "event_type": "user_joined_fast", "entity_type": "fast",
     "entity_id": "f1"},
    {"category": "user_action", "event_type": "user_left_fast", "entity_type": "fast",
     "entity_id": "f1"},
    {"category": "system", "event_type": "api_request", "entity_type": "endpoint",
     "entity_id": "/x", "properties": {"response_time_ms": 12.5, "status_code": 200}},
    {"category": "system", "event_type": "api_request", "entity_type": "endpoint",
     "entity_id": "/x", "properties": {"response_time_ms": 80, "status_code": 500}},
    {"category": "system", "event_type": "metric", "entity_type": "metric",
     "entity_id": "cpu_usage", "value": 42},
    {"category": "content", "event_type": "follow", "entity_type": "user", "entity_id": "u1"},
    {"category": "campaign", "event_type": "visit", "entity_type": "campaign",
     "entity_id": "summer", "context": {"utm_source": "letter", "utm_medium": "email"}},
    {"category": "campaign", "event_type": "cost", "entity_type": "campaign",
     "entity_id": "summer", "value": 3, "currency": "EUR"},
    {"category": "order", "event_type": "payment_completed", "entity_type": "order",
     "entity_id": "o1", "value": 7, "currency": "EUR"},
    {"category": "experiment", "event_type": "exposure", "entity_type": "experiment",
     "entity_id": "e1", "properties": {"variant": "A"}},
    {"category": "experiment", "event_type": "exposure", "entity_type": "experiment",
     "entity_id": "e1", "properties": {"variant": "B"}},
    {"category": "experiment", "event_type": "conversion", "entity_type": "experiment",
     "entity_id": "e1", "value": 4, "currency": "EUR"},
    {"category": "system", "event_type": "error"},
    {"category": "system", "event_type": "error", "properties": {"level": "info"},
     "event_id": AN_ERROR},
    {"category": "system", "event_type": "error_resolved", "entity_type": "error",
     "entity_id": str(AN_ERROR)},
    {"category": "system", "event_type": "error_reopened", "entity_type": "error",
     "entity_id": str(AN_ERROR)},
    {"category": "system", "event_type": "error", "event_id": ANOTHER_ERROR},
    {"category": "system", "event_type": "error_deleted", "entity_type": "error",
     "entity_id": str(ANOTHER_ERROR)},
]  # fmt: skip


@st.composite
def sent_events(draw: st.DrawFn) -> dict[str, Any]:
    return {
        **draw(st.sampled_from(PEOPLE)),
        **draw(st.sampled_from(THINGS)),
        "occurred_at": draw(st.sampled_from(DAYS)) + timedelta(minutes=draw(MINUTES)),
    }


def each_once(batches: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Leave out events that were drawn again: ingestion stores no id twice."""
    seen: set[object] = set()

    def is_new(event: Mapping[str, Any]) -> bool:
        event_id = event.get("event_id")
        is_known = event_id in seen
        seen.update([event_id] if event_id else [])
        return not is_known

    return [[event for event in batch if is_new(event)] for batch in batches]


BATCHES = st.lists(st.lists(sent_events(), min_size=1, max_size=20), min_size=2, max_size=4)


def forget_everything(warehouse: Warehouse) -> None:
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("truncate raw.events, raw.event_ids, raw.loads, ops.domain_progress")
        connection.execute("truncate ops.runs restart identity")
        for schema in ("marts", "intermediate", "marts_candidate"):
            names = connection.execute(
                "select tablename from pg_tables where schemaname = %s", (schema,)
            ).fetchall()
            for (name,) in names:
                connection.execute(f"drop table {schema}.{name} cascade".encode())


@settings(
    max_examples=5,
    deadline=None,
    # shrinking would run the pipeline some hundred times more
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(batches=BATCHES)
def test_incremental_equals_full_refresh(
    warehouse: Warehouse, run_all: Run, batches: list[list[dict[str, Any]]]
) -> None:
    forget_everything(warehouse)
    for batch in each_once(batches):
        land(warehouse, batch)
        run_all()
    incremental = all_marts(warehouse)
    report = run_all(full_refresh=True)
    assert incremental == all_marts(warehouse)
    assert rows_written(report) == 0


def test_late_events_of_a_year_ago_equal_a_full_refresh(warehouse: Warehouse, run_all: Run) -> None:
    today = datetime(2024, 6, 30, 12, tzinfo=UTC)
    land(warehouse, [{"user_id": "u1", "occurred_at": today}])
    run_all()
    land(warehouse, [{"user_id": "u1", "occurred_at": today - timedelta(days=366)}])
    run_all()
    incremental = all_marts(warehouse)
    run_all(full_refresh=True)
    assert incremental == all_marts(warehouse)
    assert len(incremental["daily_analytics"]) == 367


@pytest.mark.parametrize("table", ["int_events", "int_sessions", "int_visitor_daily"])
def test_a_run_that_failed_half_way_leaves_no_trace_in_the_next(
    warehouse: Warehouse, run_all: Run, table: str
) -> None:
    start = datetime(2024, 6, 30, 23, 50, tzinfo=UTC)
    land(warehouse, [{"user_id": "u1", "occurred_at": start + timedelta(minutes=20)}])
    run_all()
    before = all_marts(warehouse)
    land(
        warehouse,
        [{"user_id": user, "occurred_at": start} for user in ("u1", "u2")]
        + [{"user_id": "u1", "occurred_at": start - timedelta(days=1)}],
    )
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute(
            f"alter table intermediate.{table}"
            " add constraint fault check (visitor_id <> 'u2') not valid".encode()
        )
    report = run_all(may_fail=True)
    assert [domain.state for domain in report.domains] == ["failed"]
    assert all_marts(warehouse) == before
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute(f"alter table intermediate.{table} drop constraint fault".encode())
    run_all()
    incremental = all_marts(warehouse)
    run_all(full_refresh=True)
    assert incremental == all_marts(warehouse)


def test_a_full_refresh_that_failed_is_made_up_for(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{"user_id": "u1"}, {"user_id": "u2"}])
    run_all()
    before = all_marts(warehouse)
    with (
        connect(warehouse.dsn(Role.TRANSFORM)) as reader,
        connect(warehouse.superuser_dsn) as connection,
    ):
        connection.execute("alter role footfall_transform set lock_timeout = '1s'")
        connection.commit()
        reader.execute("lock table intermediate.int_sessions in access share mode")
        report = run_all(full_refresh=True, may_fail=True)
    assert not report.is_success
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("alter role footfall_transform reset lock_timeout")
    report = run_all()
    assert report.is_success
    assert all_marts(warehouse) == before


def rows_written(report: RunReport) -> int:
    return sum(sum(domain.rows.values()) for domain in report.domains if domain.domain != "core")


def test_readers_are_never_shown_half_a_publication(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{"user_id": "u1"}])
    run_all()
    with connect(warehouse.dsn(Role.READER)) as reader:
        reader.execute("set transaction isolation level repeatable read")
        seen = reader.execute("select count(*) from marts.user_analytics").fetchone()
        land(warehouse, [{"user_id": "u2"}])
        run_all()
        still = reader.execute(
            "select (select count(*) from marts.user_analytics),"
            " (select count(*) from marts.sessions)"
        ).fetchone()
    assert (seen, still) == ((1,), (1, 1))
