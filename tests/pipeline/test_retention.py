"""Retention: what is due goes, what was made of it stays, and nothing goes that is still needed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.retention.rules import EventClass, read_rules
from pipeline.retention.run import retain
from pipeline.scheduled import cleanup_old_analytics
from stack.cli import main
from tests.conftest import Warehouse
from tests.pipeline.conftest import Run, all_marts, mart
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings, load_settings

NOW = dt.datetime.now(dt.UTC).replace(hour=12, minute=0)
PAGE_VIEW: dict[str, object] = {"context": {"page_path": "/a"}}
REQUEST: dict[str, object] = {
    "category": "system",
    "event_type": "api_request",
    "entity_type": "endpoint",
    "entity_id": "/x",
    "user_id": None,
}


def ago(days: int) -> dict[str, Any]:
    moment = NOW - dt.timedelta(days=days)
    return {"occurred_at": moment, "received_at": moment}


def partition_for(warehouse: Warehouse, days: int) -> None:
    bounds = f"from ('{day(days)} 00:00+00') to ('{day(days - 1)} 00:00+00')"
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            f"create table raw.events_{day(days):%Y%m%d} partition of raw.events"
            f" for values {bounds}".encode()
        )


def raw_events(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    with connect(warehouse.superuser_dsn) as connection:
        return connection.execute(
            "select category, (received_at at time zone 'UTC')::date from raw.events order by 2, 1"
        ).fetchall()


def count(warehouse: Warehouse, table: str) -> int:
    with connect(warehouse.superuser_dsn) as connection:
        row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def day(days: int) -> dt.date:
    return (NOW - dt.timedelta(days=days)).date()


def test_of_an_event_the_source_says_how_long_then_the_setting_then_the_catalogue(
    settings: Settings,
) -> None:
    view, unknown = EventClass("shop", "product", "view"), EventClass("shop", "new", "thing")
    heard_of = EventClass("shop", "system", "thing")
    assert [read_rules(settings).days(one) for one in (view, heard_of, unknown)] == [730, 90, 1825]
    settings = settings.model_copy(update={"retention_days": 365})
    assert [read_rules(settings).days(one) for one in (view, unknown)] == [365, 365]
    settings = settings.model_copy(update={"retention_days_by_source": "shop=30, crm=10"})
    rules = read_rules(settings)
    assert (rules.days(view), rules.days(view._replace(source="web"))) == (30, 365)
    assert rules.shortest == 10


def test_retention_takes_raw_events_away_and_leaves_the_marts(
    warehouse: Warehouse, run_all: Run, settings: Settings, tmp_path: Path
) -> None:
    partition_for(warehouse, 800)
    land(warehouse, [{**PAGE_VIEW, **ago(800)}, {**PAGE_VIEW, "user_id": "v2", **ago(800)}])
    land(warehouse, [{**REQUEST, **ago(100)}, {**PAGE_VIEW, **ago(100)}])
    land(warehouse, [{**PAGE_VIEW, **ago(5)}])
    run_all()
    before = all_marts(warehouse)

    planned = retain(settings, dry_run=True)
    assert [(one.what, one.removed, one.is_whole) for one in planned.removals] == [
        ("raw.events", 2, True),
        ("raw.events", 1, False),
    ]
    assert planned.removals[0].oldest is not None
    assert planned.removals[0].oldest.date() == day(800)
    assert (planned.removals[0].size or 0) > 0
    assert len(raw_events(warehouse)) == 5

    settings = settings.model_copy(update={"retention_archive_dir": tmp_path / "archive"})
    done = retain(settings)
    assert [(one.what, one.removed, one.is_whole) for one in done.removals] == [
        ("raw.events", 2, True),
        ("raw.events", 1, False),
    ]
    assert raw_events(warehouse) == [("user", day(100)), ("user", day(5))]
    assert count(warehouse, "intermediate.int_events") == 2
    assert count(warehouse, "raw.event_ids") == 5
    with connect(warehouse.superuser_dsn) as connection:
        gone = connection.execute(
            "select to_regclass(%s) is null", (f"raw.events_{day(800):%Y%m%d}",)
        ).fetchone()
    assert gone == (True,)
    files = sorted((tmp_path / "archive").iterdir())
    assert [file.name for file in files] == [
        f"events_{day(800):%Y%m%d}_1.parquet",
        f"events_{day(100):%Y%m%d}_1.parquet",
    ]
    assert [pq.read_metadata(file).num_rows for file in files] == [2, 1]
    assert retain(settings).removals == ()

    # nothing is built of what is left of a day that lost events
    assert all_marts(warehouse) == before
    run_all(full_refresh=True)
    assert all_marts(warehouse) == before
    land(warehouse, [{**PAGE_VIEW, "user_id": "v1", **ago(3)}])
    run_all()
    after = all_marts(warehouse)
    assert mart(warehouse, "user_analytics", "user_id, total_events") == [("v1", 4), ("v2", 1)]
    run_all(full_refresh=True)
    assert all_marts(warehouse) == after


def test_a_day_that_lost_events_takes_no_late_ones(
    warehouse: Warehouse, run_all: Run, settings: Settings
) -> None:
    land(warehouse, [{**PAGE_VIEW, **ago(800)}])
    run_all()
    retain(settings)
    before = all_marts(warehouse)
    late = {**PAGE_VIEW, "occurred_at": NOW - dt.timedelta(days=800)}
    hours_later = {**late, "occurred_at": NOW - dt.timedelta(days=800, hours=-3)}
    land(warehouse, [late, hours_later, {**late, "user_id": "other"}])
    run_all()
    incremental = all_marts(warehouse)
    assert len(incremental["sessions"]) == len(before["sessions"]) + 1
    assert mart(warehouse, "user_analytics", "user_id, total_events") == [("other", 1), ("v1", 1)]
    run_all(full_refresh=True)
    assert all_marts(warehouse) == incremental


def test_events_that_went_otherwise_since_are_no_hindrance(
    warehouse: Warehouse, run_all: Run, settings: Settings
) -> None:
    kept = {"retention_days": 900}
    land(warehouse, [{**PAGE_VIEW, **ago(800)}, {**PAGE_VIEW, "user_id": "gone", **ago(800)}])
    run_all()
    retain(settings.model_copy(update=kept))  # which takes down what the day holds
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("delete from raw.events where user_id = 'gone'")
        connection.execute("update raw.loads set received_at = now() - interval '2 days'")
    assert retain(settings, dry_run=True).total("raw.events") == 2
    assert retain(settings).total("raw.events") == 1
    assert raw_events(warehouse) == []


@pytest.mark.parametrize("state", ["landed", "claimed", "held"])
def test_nothing_goes_from_a_load_on_that_is_not_settled(
    warehouse: Warehouse, settings: Settings, state: str
) -> None:
    load_id = land(warehouse, [{**PAGE_VIEW, **ago(801)}])
    land(warehouse, [{**PAGE_VIEW, **ago(800)}])
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("update raw.loads set state = 'settled', run_id = 0")
        connection.execute("update raw.loads set state = %s where load_id = %s", (state, load_id))
    report = retain(settings)
    assert report.removals == ()
    assert report.stays_from == day(801)
    assert "1 held" in report.waits_for or "1 waiting" in report.waits_for
    assert len(raw_events(warehouse)) == 2


def test_nothing_goes_that_a_domain_of_marts_has_yet_to_build_from(
    warehouse: Warehouse, settings: Settings
) -> None:
    land(warehouse, [{**PAGE_VIEW, **ago(800)}])
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("update raw.loads set state = 'settled', run_id = 7")
    report = retain(settings)
    assert report.removals == ()
    assert "not yet in every domain" in report.waits_for


def test_a_setting_is_obeyed_by_the_next_retention(
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def would_go() -> list[tuple[str, int]]:
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(["retention", "--dry-run", "--json"])
        assert not ended.value.code
        report = json.loads(capsys.readouterr().out)
        return [(one["what"], one["removed"]) for one in report["removals"]]

    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))
    monkeypatch.setenv("FOOTFALL_TRANSFORM_DSN", warehouse.dsn(Role.TRANSFORM))
    land(warehouse, [{**PAGE_VIEW, **ago(400)}])
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("update raw.loads set state = 'settled', run_id = 0")
    cleanup_old_analytics()
    assert len(raw_events(warehouse)) == 1
    assert would_go() == []
    (tmp_path / "footfall.env").write_text("FOOTFALL_RETENTION_DAYS=365\n")
    assert would_go() == [("raw.events", 1)]
    (tmp_path / "footfall.env").write_text(
        "FOOTFALL_RETENTION_DAYS=365\nFOOTFALL_RETENTION_DAYS_BY_SOURCE='test=500'\n"
    )
    assert would_go() == []
    load_settings.cache_clear()
