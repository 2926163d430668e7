"""``footfall loads``: which are held, why, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from pipeline import loads
from tests.conftest import Warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

Run = Callable[..., str]


@pytest.fixture
def run(footfall: Run) -> Run:
    """Runs ``footfall loads``."""
    return partial(footfall, "loads")


@pytest.fixture
def held(warehouse: Warehouse) -> int:
    """A load that is held, beside one that waits."""
    load_id = land(warehouse, [{"event_type": "rain"}, {}])
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        loads.claim(connection, 1)
        loads.hold(connection, 1, "1 rows differ from: every event is one of the catalogue")
    land(warehouse, [{}])
    return load_id


def test_a_held_load_is_listed_and_explained(run: Run, held: int) -> None:
    assert len(json.loads(run("list", "--json"))) == 2
    [listed] = json.loads(run("list", "--held", "--json"))
    assert (listed["load_id"], listed["state"], listed["events"]) == (held, "held", 2)
    shown = run("show", str(held))
    assert "2 received = 2 stored + 0 duplicate + 0 quarantined + 0 suppressed" in shown
    assert "1 rows differ from: every event is one of the catalogue" in shown
    assert "event = user/rain" in shown
    [broken] = json.loads(run("show", str(held), "--json"))["breaks"]
    assert broken["rows"] == 1
    assert broken["examples"][0]["found"] == "user/rain"
    assert "There is no load 99" in run("show", "99")


def test_held_loads_are_released_once(run: Run, held: int) -> None:
    assert json.loads(run("release", str(held), "--json")) == {"released": 1}
    assert "0 loads released" in run("release")
    assert run("list", "--held") == "No load is held.\n"


def test_held_loads_go_into_quarantine_whole_or_in_part(run: Run, held: int) -> None:
    taken_out = json.loads(run("quarantine", "--only-offending", "--json"))
    assert taken_out == {"moved": {str(held): 1}}
    assert "1 stored + 0 duplicate + 1 quarantined" in run("show", str(held))
    assert "0 events of 0 loads" in run("quarantine", str(held))
