"""A held load holds up no other; it is released, or its events go into quarantine and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.erasures import Erasures
from ingestion.quarantine.entries import open_quarantine
from ingestion.quarantine.rejudgement import open_court
from ingestion.quarantine.replay import Replay
from ingestion.quarantine.selection import Selection
from ingestion.quarantine.tally import Tally
from pipeline import loads
from pipeline.alerts import open_alerts
from pipeline.held_loads import quarantine_loads, release_loads
from pipeline.observations import observe_loads
from pipeline.runs import run
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up
from tests.pipeline.conftest import GivenGates, mart
from tests.rows import land
from warehouse.connections import connect
from warehouse.errors import OperatorError
from warehouse.roles import Role
from warehouse.settings import Settings

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
LATE = datetime.now(UTC) + timedelta(days=2)
DAYS_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def settings(settings: Settings, warehouse: Warehouse) -> Settings:
    return settings.model_copy(update={"owner_dsn": warehouse.dsn(Role.OWNER)})


def hold(warehouse: Warehouse, load_ids: Sequence[int], reason: str = "odd") -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        loads.claim(connection, 1)
        loads.hold(connection, 1, dict.fromkeys(load_ids, reason))
        loads.admit(connection, 1)


def states(warehouse: Warehouse) -> dict[int, str]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return dict(connection.execute("select load_id, state from raw.loads").fetchall())


def counted(warehouse: Warehouse) -> dict[str, int]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        rows = connection.execute(
            "select event_type, sum(events)::int from ops.event_hours group by 1"
            " having sum(events) > 0"
        ).fetchall()
        return dict(rows)


def replay(settings: Settings) -> Tally:
    async def all_of_them() -> Tally:
        async with (
            open_quarantine(settings.require("owner_dsn")) as connection,
            open_court(settings) as court,
        ):
            return await Replay(connection, court, Erasures(b"only-for-tests")).run(Selection())

    return asyncio.run(all_of_them())


def test_of_a_run_only_the_suspect_loads_are_held_until_somebody_decides(
    warehouse: Warehouse, settings: Settings, gates: GivenGates
) -> None:
    def build() -> str:
        return run(["daily"], settings=settings, trigger="test", gates=gates).domains[0].state

    good = land(warehouse, [{"user_id": "fine", "occurred_at": NOON}])
    bad = land(
        warehouse,
        [
            {"user_id": "odd", "occurred_at": LATE},
            {"user_id": "even", "occurred_at": NOON, "value": "1.50", "currency": "EUR"},
        ],
    )
    gates.loads, gates.suspects = ("there is an odd one",), {bad: "odd"}
    assert build() == "held"
    assert states(warehouse) == {good: "settled", bad: "held"}
    assert mart(warehouse, "daily_analytics", "date, events") == [(NOON.date(), 1)]
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        [alert] = open_alerts(connection)
    assert alert.condition == "gate:raw"
    assert "1 of 2 loads, with 2 events, are held" in alert.summary

    assert quarantine_loads(settings, [bad], only_offending=True) == {bad: 1}
    assert quarantine_loads(settings, [bad], only_offending=True) == {}
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert open_alerts(connection) == []
    gates.loads, gates.suspects = (), None
    assert build() == "succeeded"
    assert mart(warehouse, "daily_analytics", "date, events") == [(NOON.date(), 2)]
    assert assert_ledger_adds_up(warehouse) == {
        "received": 3,
        "stored": 2,
        "duplicate": 0,
        "quarantined": 1,
        "suppressed": 0,
    }


def test_quarantined_events_can_be_replayed_as_they_were(
    warehouse: Warehouse, settings: Settings
) -> None:
    given = {
        "category": "product",
        "event_type": "view",
        "entity_type": "product",
        "entity_id": "p1",
        "value": "12.345",
        "currency": "EUR",
        "quantity": 2,
        "occurred_at": NOON,
        "context": {"device": "phone", "country": "FR"},
        "properties": {"product_name": "Tea", "rating": None},
    }
    load_id = land(warehouse, [given, {"event_type": "login"}])
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        before = connection.execute(
            "select event_id, visitor_id, source, user_id, entity_id, value, currency, quantity,"
            " occurred_at, context, properties from raw.events order by event_id"
        ).fetchall()
    hold(warehouse, [load_id])

    assert quarantine_loads(settings) == {load_id: 2}
    assert assert_ledger_adds_up(warehouse)["quarantined"] == 2
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        assert connection.execute("select count(*) from raw.events").fetchone() == (0,)
        assert connection.execute(
            "select distinct reason, message, state from raw.quarantine"
        ).fetchall() == [("failed_expectation", "odd", "open")]

    assert replay(settings).verdicts == {"stored": 2}
    assert replay(settings).verdicts == {}
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        after = connection.execute(
            "select event_id, visitor_id, source, user_id, entity_id, value, currency, quantity,"
            " occurred_at, context, properties from raw.events order by event_id"
        ).fetchall()
    assert after == before
    assert assert_ledger_adds_up(warehouse) == {
        "received": 4,
        "stored": 2,
        "duplicate": 0,
        "quarantined": 2,
        "suppressed": 0,
    }


def test_events_in_quarantine_are_no_longer_counted_as_landed(
    warehouse: Warehouse, settings: Settings
) -> None:
    first = land(warehouse, [{"event_type": "login"}, {"event_type": "rain"}])
    second = land(warehouse, [{"event_type": "rain"}, {"event_type": "snow"}])
    observe_loads(settings)
    third = land(warehouse, [{"event_type": "rain"}])
    hold(warehouse, [first, second, third])
    quarantine_loads(settings, [second, third])
    observe_loads(settings)
    assert counted(warehouse) == {"login": 1, "rain": 1}
    quarantine_loads(settings, [first], only_offending=True)
    assert counted(warehouse) == {"login": 1}


def test_where_no_event_is_to_blame_by_itself_nothing_is_taken_out(
    warehouse: Warehouse, settings: Settings
) -> None:
    load_id = land(warehouse, [{}])
    hold(warehouse, [load_id])
    with pytest.raises(OperatorError, match="no event of it is to blame"):
        quarantine_loads(settings, only_offending=True)
    assert states(warehouse) == {load_id: "held"}
    assert release_loads(settings, [load_id]) == 1
    assert release_loads(settings, [load_id]) == 0
    assert quarantine_loads(settings, [load_id]) == {}
    with pytest.raises(OperatorError, match="There is no load 77"):
        release_loads(settings, [77])


def test_the_day_on_which_they_came_is_restated_as_a_full_refresh_would(
    warehouse: Warehouse, settings: Settings
) -> None:
    def build(*, full_refresh: bool = False) -> list[tuple[object, ...]]:
        run(
            ["system"],
            settings=settings,
            trigger="test",
            full_refresh=full_refresh,
            gates=GivenGates(),
        ).raise_for_state()
        return mart(
            warehouse, "data_quality_daily", "date, loads, stored, quarantined, held_events"
        )

    old = land(warehouse, [{}, {}], received_at=DAYS_AGO - timedelta(days=1))
    land(warehouse, [{}], received_at=DAYS_AGO)
    hold(warehouse, [old])
    land(warehouse, [{}])
    assert build()[0] == ((DAYS_AGO - timedelta(days=1)).date(), 1, 2, 0, 2)

    quarantine_loads(settings)
    land(warehouse, [{}])
    restated = build()
    assert restated[0] == ((DAYS_AGO - timedelta(days=1)).date(), 1, 0, 2, 0)
    assert restated == build(full_refresh=True)
