"""No load is skipped, and none is built twice."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline import loads
from tests.conftest import Warehouse
from tests.pipeline.conftest import Run, mart
from tests.rows import event, insert_load, land
from warehouse.connections import connect
from warehouse.roles import Role


def test_a_load_that_commits_late_is_not_skipped(warehouse: Warehouse, run_all: Run) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as slow:
        slow_load = insert_load(slow, [event(user_id="slow")])
        fast_load = land(warehouse, [event(user_id="fast")])
        assert slow_load < fast_load
        run_all()
        assert mart(warehouse, "user_analytics", "user_id") == [("fast",)]
    run_all()
    assert mart(warehouse, "user_analytics", "user_id") == [("fast",), ("slow",)]


def test_a_load_whose_events_cannot_all_be_seen_waits(warehouse: Warehouse, run_all: Run) -> None:
    lost = event()
    load_id = land(warehouse, [event(), lost])
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("delete from raw.events where event_id = %s", (lost["event_id"],))
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        states = connection.execute(
            "select state from raw.loads where load_id = %s", (load_id,)
        ).fetchall()
    assert states == [("landed",)]


def test_what_a_dead_run_had_claimed_goes_to_the_next(warehouse: Warehouse) -> None:
    land(warehouse, [event()])
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert loads.claim(connection, 1) == (1, 1)
        connection.commit()
        assert loads.claim(connection, 2) == (1, 1)
        loads.admit(connection, 2)
        assert loads.settle(connection, 1) == 0
        assert loads.settle(connection, 2) == 1


def test_loads_that_stored_nothing_ask_for_no_run(warehouse: Warehouse) -> None:
    land(warehouse, [], duplicate=3)
    assert not loads.has_new_loads(warehouse.dsn(Role.TRANSFORM), ["daily"])


def test_a_domain_that_is_behind_the_core_asks_for_a_run(
    warehouse: Warehouse, run_all: Run
) -> None:
    dsn = warehouse.dsn(Role.TRANSFORM)
    land(warehouse, [event()])
    assert loads.has_new_loads(dsn, ["daily"])
    run_all()
    assert not loads.has_new_loads(dsn, ["daily", "product", "user"])
    with connect(dsn) as connection:
        connection.execute("update ops.domain_progress set core_run_id = 0 where domain = 'daily'")
    assert loads.has_new_loads(dsn, ["daily"])
    assert not loads.has_new_loads(dsn, ["product", "user"])


def test_released_loads_are_built(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [event()])
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        loads.claim(connection, 1)
        loads.hold(connection, 1, "looks odd")
        held = loads.unsettled(connection)
    assert [(load.state, load.held_reason) for load in held] == [("held", "looks odd")]
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert loads.release(connection) == 1
    run_all()
    assert len(mart(warehouse, "user_analytics")) == 1


def test_empty_loads_and_full_ones_may_be_settled_in_any_order(
    warehouse: Warehouse, run_all: Run
) -> None:
    land(warehouse, [], duplicate=1)
    land(warehouse, [event(occurred_at=datetime(2015, 5, 18, tzinfo=UTC))])
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert loads.unsettled(connection) == []
