"""Publication replaces rows, and tables only where their columns changed."""

from __future__ import annotations

from tests.conftest import Warehouse
from tests.pipeline.conftest import Run, mart
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role


def test_views_on_a_mart_survive_every_run(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{"user_id": "u1"}])
    run_all()
    with connect(warehouse.superuser_dsn) as connection:
        connection.execute("create view public.of_an_analyst as select * from marts.user_analytics")
    land(warehouse, [{"user_id": "u2"}])
    run_all()
    run_all(full_refresh=True)
    with connect(warehouse.superuser_dsn) as connection:
        assert connection.execute("select count(*) from public.of_an_analyst").fetchone() == (2,)


def test_a_mart_with_other_columns_than_its_model_is_built_anew(
    warehouse: Warehouse, run_all: Run
) -> None:
    land(warehouse, [{"user_id": "u1"}, {"user_id": "u2"}])
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("alter table marts.user_analytics drop column active_days")
    land(warehouse, [{"user_id": "u3"}])
    run_all()
    assert mart(warehouse, "user_analytics", "user_id, active_days") == [
        ("u1", 1),
        ("u2", 1),
        ("u3", 1),
    ]


def test_a_published_mart_has_the_keys_and_indexes_of_its_model(
    warehouse: Warehouse, run_all: Run
) -> None:
    land(warehouse, [{}])
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        indexes = connection.execute(
            "select count(*), count(*) filter (where indisprimary) from pg_index"
            " where indrelid = 'marts.sessions'::regclass"
        ).fetchone()
        comment = connection.execute(
            "select obj_description('marts.sessions'::regclass) like 'Visits: %'"
        ).fetchone()
    assert (indexes, comment) == ((3, 1), (True,))


def test_no_candidate_is_left_behind(warehouse: Warehouse, run_all: Run) -> None:
    land(warehouse, [{}])
    run_all()
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        left = connection.execute(
            "select tablename from pg_tables where schemaname = 'marts_candidate'"
        ).fetchall()
    assert left == []
