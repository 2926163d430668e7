"""The gate for new events: what holds a load back, and what only warns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from expectations.gate import check_loads
from expectations.suites.raw import event_rules, load_rules
from tests.conftest import Warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

RUN = 7
pytestmark = pytest.mark.usefixtures("without_pages")


def claim(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update raw.loads set state = 'claimed', run_id = %s", (RUN,))


def change(warehouse: Warehouse, statement: str) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(statement.encode())


GOOD_EVENTS: tuple[Mapping[str, object], ...] = (
    {"session_id": "s1", "value": "12.50", "currency": "EUR", "quantity": 2},
    {"user_id": None, "anonymous_id": "a1"},
    {"user_id": None, "session_id": "s2", "value": "-3"},
    {"occurred_at": datetime(2015, 5, 18, tzinfo=UTC), "session_id": "s3"},
    {"occurred_at": datetime(2019, 10, 1, tzinfo=UTC), "session_id": "s4"},
    {"occurred_at": datetime.now(UTC) + timedelta(minutes=2), "session_id": "s5"},
)


def test_good_events_pass_and_every_rule_is_recorded(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, GOOD_EVENTS)
    land(warehouse, GOOD_EVENTS[:-1], received_at=datetime.now(UTC) - timedelta(days=40))
    claim(warehouse)

    result = check_loads(settings, RUN)

    assert (result.passed, result.failures, result.warnings) == (True, (), ())
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        rows = connection.execute(
            "select run_id, suite, observed ->> 'rule', severity, is_success"
            " from ops.quality_results"
        ).fetchall()
    assert {row[2] for row in rows} == {
        rule.sentence for rule in (*event_rules(settings), *load_rules())
    }
    assert {(row[0], row[4]) for row in rows} == {(RUN, True)}
    assert {row[1] for row in rows} == {"raw.events", "raw.loads"}
    assert {row[3] for row in rows} == {"blocking", "warning"}


def test_without_claimed_loads_there_is_nothing_to_check(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, GOOD_EVENTS)
    assert check_loads(settings, RUN).results == ()


@pytest.mark.parametrize(
    ("events", "rule"),
    [
        ([{"visitor_id": " "}], "every event has a visitor"),
        ([{"occurred_at": datetime(1970, 1, 1, tzinfo=UTC)}], "no event is older than 1990"),
        ([{"occurred_at": datetime.now(UTC) + timedelta(hours=2)}], "no event happened more than"),
        ([{"event_type": "magic"}, {"category": "weather"}], "every event is one of the catalogue"),
        ([{"value": "1e15"}, {"value": "-1e15"}, {"value": "NaN"}], "no value is beyond"),
        ([{"quantity": "1e13"}], "no quantity is beyond"),
    ],
)
def test_bad_events_hold_the_loads(
    warehouse: Warehouse, settings: Settings, events: list[Mapping[str, object]], rule: str
) -> None:
    land(warehouse, [*GOOD_EVENTS, *events])
    claim(warehouse)

    result = check_loads(settings, RUN)

    assert len(result.failures) == 1
    assert rule in result.failures[0]
    assert f"{len(events)} of {6 + len(events)} rows differ" in result.failures[0]


@pytest.mark.parametrize(
    ("barrier", "defect", "rule"),
    [
        ("alter column event_id drop not null", "event_id = null", "every event has an id"),
        ("alter column visitor_id drop not null", "visitor_id = null", "every event has a visitor"),
        ("alter column occurred_at drop not null", "occurred_at = null", "every event has a time"),
        ("drop constraint ck_events_currency_is_iso_4217", "currency = 'eur'", "every currency"),
    ],
)
def test_what_the_table_refuses_is_held_even_where_the_table_does_not(
    warehouse: Warehouse, settings: Settings, barrier: str, defect: str, rule: str
) -> None:
    land(warehouse, GOOD_EVENTS)
    claim(warehouse)
    change(warehouse, f"alter table raw.events {barrier}")
    change(warehouse, f"update raw.events set {defect} where session_id = 's1'")

    result = check_loads(settings, RUN)

    assert len(result.failures) == 1
    assert rule in result.failures[0]


@pytest.mark.parametrize(
    "defect",
    [
        "delete from raw.events where session_id = 's1'",
        "update raw.events set received_at = received_at - interval '1 hour'"
        " where session_id = 's1'",
    ],
)
def test_a_load_that_has_not_the_events_of_its_ledger_is_held(
    warehouse: Warehouse, settings: Settings, defect: str
) -> None:
    land(warehouse, GOOD_EVENTS)
    claim(warehouse)
    change(warehouse, defect)

    result = check_loads(settings, RUN)

    assert len(result.failures) == 1
    assert "every load has as many events as its ledger says" in result.failures[0]


def test_unknown_events_pass_where_they_are_allowed(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [*GOOD_EVENTS, {"category": "weather", "event_type": "rain"}])
    claim(warehouse)
    custom = settings.model_copy(update={"unknown_events": "custom"})
    assert check_loads(custom, RUN).passed


def test_the_allowed_skew_is_a_setting(warehouse: Warehouse, settings: Settings) -> None:
    land(warehouse, [*GOOD_EVENTS, {"occurred_at": datetime.now(UTC) + timedelta(minutes=30)}])
    claim(warehouse)
    lenient = settings.model_copy(update={"max_future_skew_seconds": 3600})
    assert check_loads(lenient, RUN).passed


def test_what_senders_do_badly_warns_and_passes(warehouse: Warehouse, settings: Settings) -> None:
    events: list[Mapping[str, object]] = [
        {"is_time_corrected": True},
        {"user_id": "Undefined"},
        *[{}] * 8,
    ]
    land(warehouse, [*GOOD_EVENTS, *events], quarantined=1)
    claim(warehouse)

    result = check_loads(settings, RUN)

    assert result.passed
    for rule, warning in zip(
        [
            "a clock too far ahead, but 1 of 16 rows differ",
            "at least half of the events name their session",
            "a placeholder such as",
            "at most 5 % of the events of the loads are in quarantine",
        ],
        result.warnings,
        strict=True,
    ):
        assert rule in warning


def test_loads_of_other_runs_and_states_are_not_looked_at(
    warehouse: Warehouse, settings: Settings
) -> None:
    bad = {"occurred_at": datetime(1970, 1, 1, tzinfo=UTC)}
    land(warehouse, [bad])
    claim(warehouse)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update raw.loads set run_id = %s", (RUN - 1,))
    land(warehouse, [bad])
    good = land(warehouse, GOOD_EVENTS)
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute(
            "update raw.loads set state = 'claimed', run_id = %s where load_id = %s", (RUN, good)
        )
    assert check_loads(settings, RUN).passed


def test_a_failure_is_recorded_with_its_figures(warehouse: Warehouse, settings: Settings) -> None:
    land(warehouse, [*GOOD_EVENTS, {"event_type": "time_travel"}, {"event_type": "time_travel"}])
    claim(warehouse)

    result = check_loads(settings, RUN)

    assert result.failures == (
        "raw.events: expected that every event is one of the catalogue, but 2 of 8 rows differ,"
        " such as user/time_travel",
    )
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        rows = connection.execute(
            "select expectation, column_name, severity, unexpected_count, observed -> 'samples'"
            " from ops.quality_results where not is_success"
        ).fetchall()
    assert rows == [
        ("expect_column_values_to_be_in_set", "event", "blocking", 2, ["user/time_travel"])
    ]
