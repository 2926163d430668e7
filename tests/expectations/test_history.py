"""Each expectation against the last weeks, provoked; and what is usual provokes none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from expectations import history
from expectations.gate import check_history
from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOW = datetime(2026, 3, 10, 14, 10, tzinfo=UTC)
HOUR = datetime(2026, 3, 10, 13, tzinfo=UTC)  # the last full one
USUAL = {"view": 60, "search": 20, "purchase": 4}

Look = Callable[[], dict[tuple[str, str], str]]


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    with connect(module_warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("truncate ops.event_hours, ops.field_days, ops.quality_results")
    return module_warehouse


@pytest.fixture
def look(warehouse: Warehouse) -> Look:
    def look_now() -> dict[tuple[str, str], str]:
        with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
            signs = history.look(connection, history.watches(NOW), NOW)
        return {(sign.kind, sign.subject): sign.finding for sign in signs}

    return look_now


def change(warehouse: Warehouse, statement: str, *values: object) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(statement.encode(), values)


def five_weeks(warehouse: Warehouse, source: str = "shop") -> None:
    """Fill five weeks with the usual, hour by hour; nights have a tenth of it."""
    for event_type, events in USUAL.items():
        change(
            warehouse,
            "insert into ops.event_hours (hour, source, category, event_type, subject, events)"
            " select hour, %s, 'user', %s, '',"
            " case when extract(hour from hour) < 6 then %s / 10 + 1 else %s end"
            " from generate_series(%s::timestamptz, %s, interval '1 hour') as hour",
            *(source, event_type, events, events, HOUR - timedelta(days=35), HOUR),
        )


def test_what_is_usual_is_no_sign(warehouse: Warehouse, look: Look) -> None:
    five_weeks(warehouse)
    assert look() == {}


def test_an_empty_history_and_a_young_one_are_no_signs(warehouse: Warehouse, look: Look) -> None:
    assert look() == {}
    five_weeks(warehouse)
    change(warehouse, "delete from ops.event_hours where hour < %s", HOUR - timedelta(days=5))
    assert look() == {}


@pytest.mark.parametrize(
    ("hours", "span"), [(1, "in the last hour"), (3, "in the last 3 hours"), (30, "3 hours")]
)
def test_a_source_that_is_silent_is_told_of_once(
    warehouse: Warehouse, look: Look, hours: int, span: str
) -> None:
    five_weeks(warehouse)
    five_weeks(warehouse, "app")
    change(
        warehouse,
        "delete from ops.event_hours where source = 'app' and hour > %s",
        HOUR - timedelta(hours=hours),
    )
    found = look()
    assert list(found) == [("source_quiet", "app")]
    assert span in found["source_quiet", "app"]


def test_a_small_source_is_silent_after_a_day(warehouse: Warehouse, look: Look) -> None:
    five_weeks(warehouse)
    change(
        warehouse,
        "insert into ops.event_hours select date_trunc('day', hour) + interval '9 hours', 'kiosk',"
        " 'user', 'view', '', 6 from ops.event_hours where event_type = 'view' group by 1",
    )
    assert look() == {}
    change(
        warehouse,
        "delete from ops.event_hours where source = 'kiosk' and hour > %s",
        HOUR - timedelta(hours=24),
    )
    assert list(look()) == [("source_quiet", "kiosk")]


@pytest.mark.parametrize(
    ("factor", "is_told"), [(0.4, True), (0.6, False), (1.9, False), (2.1, True)]
)
def test_an_hour_of_less_than_half_or_more_than_twice_the_usual_is_a_sign(
    warehouse: Warehouse, look: Look, factor: float, is_told: bool
) -> None:
    five_weeks(warehouse)
    change(
        warehouse, "update ops.event_hours set events = events * %s where hour = %s", factor, HOUR
    )
    assert (("volume", "shop") in look()) == is_told


def test_a_type_that_stopped_is_a_sign_while_its_source_goes_on(
    warehouse: Warehouse, look: Look
) -> None:
    five_weeks(warehouse)
    change(
        warehouse,
        "delete from ops.event_hours where event_type = 'purchase' and hour > %s",
        HOUR - timedelta(hours=24),
    )
    finding = look()["event_type_stopped", "user/purchase"]
    assert finding.startswith("no user/purchase in the last 24 hours; by the last 28 days")


def test_a_new_error_is_a_sign_and_an_old_one_is_none(warehouse: Warehouse, look: Look) -> None:
    five_weeks(warehouse)
    change(
        warehouse,
        "insert into ops.event_hours select hour, source, 'system', 'error', 'time-out', 1"
        " from ops.event_hours where event_type = 'view'",
    )
    change(
        warehouse,
        "insert into ops.event_hours values (%s, 'shop', 'system', 'error', 'null pointer', 3)",
        HOUR,
    )
    assert list(look()) == [("unusual_activity", "system/error: null pointer")]


@pytest.mark.parametrize("factor", [0.3, 3])
def test_a_kind_that_is_far_more_or_less_frequent_is_a_sign(
    warehouse: Warehouse, look: Look, factor: float
) -> None:
    five_weeks(warehouse)
    change(
        warehouse,
        "update ops.event_hours set events = events * %s"
        " where event_type = 'purchase' and hour > %s",
        *(factor, HOUR - timedelta(hours=24)),
    )
    assert list(look()) == [("unusual_activity", "user/purchase")]


def field(warehouse: Warehouse, name: str, kind: str, before: int, now: int) -> None:
    """Let so many of 100 events a day have a field, before and now."""
    change(
        warehouse,
        "insert into ops.field_days"
        " select day, 'user', 'purchase', %s, %s, case when day < %s then %s else %s end"
        " from generate_series(%s::date, %s::date, interval '1 day') as day",
        *(name, kind, NOW.date(), before, now, NOW - timedelta(days=15), NOW),
    )


@pytest.mark.parametrize(
    ("before", "now", "finding"),
    [
        (100, 40, "properties.price is in 40 of 100 events, and was in 100"),
        (0, 80, "properties.price is in 80 of 100 events, and was in 0"),
        (60, 50, None),
    ],
)
def test_a_field_that_comes_or_goes_is_a_sign(
    warehouse: Warehouse, look: Look, before: int, now: int, finding: str | None
) -> None:
    field(warehouse, "*", "event", 100, 100)
    field(warehouse, "properties.price", "number", before, now)
    found = look()
    assert list(found.values()) == ([f"user/purchase: {finding}"] if finding else [])


def test_a_field_of_another_type_is_a_sign(warehouse: Warehouse, look: Look) -> None:
    field(warehouse, "*", "event", 100, 100)
    field(warehouse, "properties.price", "number", 100, 90)
    field(warehouse, "properties.price", "string", 0, 10)
    assert look() == {
        ("fields_drifted", "user/purchase"): "user/purchase: properties.price is now also string"
    }


@pytest.mark.usefixtures("without_pages")
def test_great_expectations_finds_what_the_queries_find(
    warehouse: Warehouse, look: Look, settings: Settings
) -> None:
    five_weeks(warehouse)
    five_weeks(warehouse, "app")
    field(warehouse, "*", "event", 100, 100)
    field(warehouse, "properties.price", "number", 100, 40)
    change(
        warehouse,
        "delete from ops.event_hours where source = 'app' and hour > %s",
        HOUR - timedelta(hours=1),
    )
    result = check_history(settings, NOW)

    assert result.passed
    assert {kind for kind, _ in look()} == {"source_quiet", "fields_drifted"}
    sentences = [
        watch.sentence
        for watch in history.watches(NOW)
        if watch.kind in ("source_quiet", "fields_drifted")
    ]
    assert [one.sentence for one in result.results if not one.is_success] == sentences
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        stored = connection.execute(
            "select suite, count(*), count(*) filter (where is_success) from ops.quality_results"
            " group by suite order by suite"
        ).fetchall()
    assert stored == [("raw.fields", 1, 0), ("raw.history", 4, 3)]
