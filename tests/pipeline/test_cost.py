"""Promise 6: a run costs what arrived and what that touched, not what is there already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conftest import Warehouse
from tests.pipeline.conftest import Run
from tests.pipeline.test_incremental_equals_full_refresh import forget_everything
from tests.rows import land
from warehouse.connections import connect

TODAY = datetime(2024, 6, 30, tzinfo=UTC)
EVENTS_A_DAY = 400


def land_history(warehouse: Warehouse, days: int) -> None:
    land(
        warehouse,
        [
            {
                "user_id": f"u{day}-{number % 97}",
                "category": "product",
                "event_type": "view",
                "entity_type": "product",
                "entity_id": f"p{number % 31}",
                "occurred_at": TODAY - timedelta(days=day, seconds=number),
            }
            for day in range(1, days + 1)
            for number in range(EVENTS_A_DAY)
        ],
    )


def rows_read(warehouse: Warehouse, *schemas: str) -> dict[int, int]:
    """Return how many rows Postgres has read so far, by any path, of each table that lasts."""
    with connect(warehouse.superuser_dsn) as connection:
        rows = connection.execute(
            "select relid, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_all_tables"
            " where schemaname = any(%s)",
            (list(schemas),),
        ).fetchall()
    return dict(rows)


def rows_read_by_a_run_today(warehouse: Warehouse, run_all: Run, *, history_days: int) -> int:
    forget_everything(warehouse)
    land_history(warehouse, history_days)
    run_all()
    with connect(warehouse.superuser_dsn, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    land(
        warehouse,
        # of yesterday's visitors: what they did before is touched, and the same in both histories
        [{"user_id": f"u1-{number}", "occurred_at": TODAY} for number in range(40)],
        received_at=datetime.now(UTC) + timedelta(hours=1),
    )
    before = rows_read(warehouse, "raw", "intermediate")
    run_all()
    after = rows_read(warehouse, "raw", "intermediate")
    return sum(after[table] - before[table] for table in before.keys() & after.keys())


def test_ten_times_the_history_is_the_same_run(warehouse: Warehouse, run_all: Run) -> None:
    short = rows_read_by_a_run_today(warehouse, run_all, history_days=15)
    long = rows_read_by_a_run_today(warehouse, run_all, history_days=150)
    assert long < 1.3 * short, f"{short} rows read after 15 days, {long} after 150"


def test_events_are_read_a_few_times_however_many_loads_they_came_in(
    warehouse: Warehouse, run_all: Run
) -> None:
    loads, events = 60, 50
    for _ in range(loads):
        land(warehouse, [{"user_id": f"u{number}"} for number in range(events)])
    for full_refresh in (False, True):
        before = sum(rows_read(warehouse, "raw").values())
        run_all(full_refresh=full_refresh)
        read = sum(rows_read(warehouse, "raw").values()) - before
        assert read < 10 * loads * events, f"{read} rows read, full refresh: {full_refresh}"


def test_what_a_run_has_made_has_statistics_and_comments(
    warehouse: Warehouse, run_all: Run
) -> None:
    land(warehouse, [{}])
    run_all()
    with connect(warehouse.superuser_dsn) as connection:
        bare = connection.execute(
            "select relname from pg_stat_all_tables where schemaname = 'intermediate'"
            " and last_analyze is null"
        ).fetchall()
        described = connection.execute(
            "select obj_description('intermediate.int_events'::regclass) is not null"
            " and col_description('intermediate.int_events'::regclass, 1) is not null"
            " and col_description('marts.daily_analytics'::regclass, 1) is not null"
        ).fetchone()
    assert bare == []
    assert described == (True,)
