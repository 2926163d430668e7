"""The migrations make the tables that the code describes, and partitions ahead of need."""

from __future__ import annotations

from alembic import command

from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.migrate import alembic_config, upgrade
from warehouse.partitions import ensure_partitions
from warehouse.roles import Role


def test_migrations_and_metadata_agree(warehouse: Warehouse) -> None:
    command.check(alembic_config(warehouse.dsn(Role.OWNER)))


def test_upgrade_may_be_run_again(warehouse: Warehouse) -> None:
    upgrade(warehouse.dsn(Role.OWNER), partitions_ahead_days=3)


def test_pipeline_makes_partitions_without_the_right_to_create_tables(
    warehouse: Warehouse,
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        assert ensure_partitions(connection, days_ahead=5) == 2
        assert ensure_partitions(connection, days_ahead=5) == 0


def test_an_event_without_a_partition_waits_and_moves_into_it(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "insert into raw.events (event_id, visitor_id, source, category, event_type,"
            " occurred_at, received_at, load_id)"
            " values (gen_random_uuid(), 'v', 's', 'user', 'login', now(),"
            " now() + interval '9 days', 1)"
        )
        ensure_partitions(connection, days_ahead=10)
        where = connection.execute(
            "select tableoid::regclass::text ~ '^raw.events_[0-9]{8}$' from raw.events"
        ).fetchall()
    assert where == [(True,)]
