"""Old records go: quarantine, loads, runs, checks, alerts, salts, resolved errors, old files."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from pipeline.partitions import CONDITION, keep_partitions
from pipeline.retention.run import retain
from tests.conftest import Warehouse
from tests.pipeline.conftest import Run, all_marts, mart
from tests.pipeline.test_retention import NOW, ago, count
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

OLD, YOUNG = NOW - dt.timedelta(days=500), NOW - dt.timedelta(days=5)


def fill(warehouse: Warehouse, statement: str, *rows: tuple[object, ...]) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection, connection.cursor() as cursor:
        cursor.executemany(statement.encode(), rows)


def test_old_records_go_and_young_ones_stay(warehouse: Warehouse, settings: Settings) -> None:
    fill(
        warehouse,
        "insert into raw.quarantine (load_id, received_at, source, reason, message, payload, state)"
        " values (1, %s, 's', 'r', 'm', '{}', %s)",
        (OLD, "open"),
        (OLD, "replayed"),
        (YOUNG, "open"),
    )
    fill(
        warehouse,
        "insert into ops.quality_results (checked_at, suite, expectation, severity, is_success)"
        " values (%s, 's', 'e', 'warning', true)",
        (OLD,),
        (YOUNG,),
    )
    fill(
        warehouse,
        "insert into ops.alerts (condition, severity, state, summary, resolved_at)"
        " values (%s, 'warning', %s, 's', %s)",
        ("a", "resolved", OLD),
        ("b", "resolved", YOUNG),
        ("c", "opened", None),
    )
    fill(
        warehouse,
        "insert into ops.runs (domain, trigger, is_full_refresh, state, started_at)"
        " values (%s, 'cli', false, 'succeeded', %s)",
        ("core", OLD),
        ("core", OLD),
        ("daily", YOUNG),
    )
    fill(
        warehouse,
        "insert into ops.address_salts (day, salt) values (%s, 'x')",
        (NOW.date() - dt.timedelta(days=3),),
        (NOW.date() - dt.timedelta(days=1),),
        (NOW.date(),),
    )
    due = {one.what: one.removed for one in retain(settings, dry_run=True).removals}
    assert due == {
        "raw.quarantine": 2,
        "ops.quality_results": 1,
        "ops.alerts": 1,
        "ops.runs": 1,
        "ops.address_salts": 1,
    }
    done = {one.what: one.removed for one in retain(settings).removals}
    assert done == due
    assert count(warehouse, "raw.quarantine") == 1
    assert count(warehouse, "ops.alerts") == 2
    assert count(warehouse, "ops.runs") == 2
    assert count(warehouse, "ops.address_salts") == 2
    assert count(warehouse, "ops.removals") == 5
    assert retain(settings).removals == ()


def test_a_load_goes_after_its_events(warehouse: Warehouse, settings: Settings) -> None:
    land(warehouse, [{**ago(500), "category": "order"}], received_at=OLD, duplicate=1)
    land(warehouse, [], received_at=OLD, suppressed=2)
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("update raw.loads set state = 'settled', run_id = 0")
        connection.execute("insert into raw.suppressions values (2, 's', 'no_consent', 2)")
    settings = settings.model_copy(update={"retention_days": 1000})
    report = retain(settings, parts=("records",))
    assert report.total("raw.loads") == 1
    assert count(warehouse, "raw.suppressions") == 0
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("delete from raw.events")
    assert retain(settings, parts=("records",)).total("raw.loads") == 1


def test_an_error_resolved_long_ago_is_listed_no_more_but_counted(
    warehouse: Warehouse, run_all: Run, settings: Settings
) -> None:
    error = "00000000-0000-0000-0000-0000000000{}"
    system = {"category": "system", "entity_type": "error"}
    land(
        warehouse,
        [
            {**system, "event_type": "error", "event_id": error.format("01"), **ago(60)},
            {**system, "event_type": "error", "event_id": error.format("02"), **ago(60)},
            {
                **system,
                "event_type": "error_resolved",
                "entity_id": error.format("01"),
                **ago(40),
            },
        ],
    )
    run_all()
    before = all_marts(warehouse)
    settings = settings.model_copy(update={"retention_days_resolved_errors": 30})
    assert retain(settings, dry_run=True).total("marts.errors") == 1
    assert retain(settings).total("marts.errors") == 1
    assert mart(warehouse, "errors", "error_id") == [(error.format("02"),)]
    assert retain(settings).removals == ()
    run_all(full_refresh=True)
    assert mart(warehouse, "errors", "error_id") == [(error.format("02"),)]
    assert all_marts(warehouse)["errors_daily"] == before["errors_daily"]


def test_old_files_go(warehouse: Warehouse, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"home": tmp_path, "spool_dir": None})
    for name in ("spool/damaged/000000000001-0", "imports/a.json", "imports/b.rejected.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    (tmp_path / "imports" / "young.json").write_text("x")
    (tmp_path / "imports" / "salt").write_text("x")
    os.utime(tmp_path / "imports" / "salt", (OLD.timestamp(), OLD.timestamp()))
    assert retain(settings, dry_run=True, parts=("files",)).total("reports of imports") == 2
    retain(settings, parts=("files",))
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["salt", "young.json"]


def test_a_day_without_a_partition_is_an_alert_until_it_has_one(warehouse: Warehouse) -> None:
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date()
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(f"drop table raw.events_{tomorrow:%Y%m%d}".encode())
        connection.execute(
            "revoke execute on function raw.ensure_partitions from footfall_transform"
        )
    land(warehouse, [{"received_at": dt.datetime.now(dt.UTC) + dt.timedelta(days=1)}])
    alert = "select state from ops.alerts where condition = %s"
    with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
        assert keep_partitions(connection, days_ahead=3) == [tomorrow]
        assert connection.execute(alert, (CONDITION,)).fetchall() == [("opened",)]
        with connect(warehouse.dsn(Role.OWNER)) as owner:
            owner.execute("grant execute on function raw.ensure_partitions to footfall_transform")
        assert keep_partitions(connection, days_ahead=3) == []
        assert connection.execute(alert, (CONDITION,)).fetchall() == [("resolved",)]
    assert count(warehouse, f"raw.events_{tomorrow:%Y%m%d}") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "select raw.drop_day(current_date, 0)",
        "select raw.drop_day(current_date - 1, 0)",
        "select raw.drop_day(current_date - 3, 7)",
        "select raw.remove_events(current_date - 3, '{1}', '{test}', '{user}', '{page_view}')",
    ],
    ids=["today", "yesterday", "another number of events", "an unsettled load"],
)
def test_the_database_itself_refuses_to_remove_what_is_not_due(
    warehouse: Warehouse, statement: str
) -> None:
    import psycopg

    land(warehouse, [ago(3)])
    with (
        connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException),
    ):
        connection.execute(statement.encode())
    assert count(warehouse, "raw.events") == 1
