"""What ``footfall status`` tells of the warehouse."""

from __future__ import annotations

import datetime as dt
import json

from stack.warehouse_status import read_overview, summarise
from tests.conftest import Warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.overview import as_json
from warehouse.roles import Role
from warehouse.settings import Settings, load_settings


def settings_of(warehouse: Warehouse) -> Settings:
    return load_settings().model_copy(update={"serving_dsn": warehouse.dsn(Role.SERVING)})


def test_it_names_alerts_waiting_events_late_marts_runs_and_partitions(
    warehouse: Warehouse,
) -> None:
    land(warehouse, [{}, {}])
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("create table marts.orders as select 1 as order_id")
        connection.execute(
            "insert into ops.alerts (condition, severity, summary)"
            " values ('run:sales', 'critical', 'sales failed')"
        )
        connection.execute(
            "insert into ops.runs (domain, trigger, is_full_refresh, state, finished_at, detail)"
            " values ('sales', 'cli', false, 'succeeded', now(), '{\"rows\": {\"orders\": 1}}'),"
            " ('core', 'cli', false, 'succeeded', now(), '{}')"
        )
    overview = read_overview(settings_of(warehouse))
    assert overview is not None
    lines = list(summarise(overview, dt.datetime.now(dt.UTC)))
    assert lines[0] == "CRITICAL   run:sales: sales failed"
    assert "2 waiting, 0 held" in lines[1]
    assert lines[2] == "marts      1, 1 of them behind"
    assert "orders lacks what was built" in lines[3]
    assert "within a day 2 runs" in lines[4]
    assert "3 of them ahead" in lines[-1]
    assert json.loads(json.dumps(as_json(overview)))["marts"][0]["mart"] == "orders"


def test_a_warehouse_that_is_away_is_no_error() -> None:
    away = load_settings().model_copy(
        update={"serving_dsn": "postgresql://nobody:nothing@127.0.0.1:1/nowhere"}
    )
    assert read_overview(away) is None
