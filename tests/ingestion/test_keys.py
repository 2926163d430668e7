"""Write keys."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from psycopg.errors import UniqueViolation

from ingestion.keys import create_key, ensure_key, hash_key, revoke_key
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query, stored
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role

KEYS = "select name, source, key_hash, revoked_at from ops.write_keys where name = %s"


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_key_is_stored_as_its_hash_alone(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(connection, name="shop", source="shop")
    (row,) = query(warehouse, KEYS, "shop")
    assert bytes(row["key_hash"]) == hash_key(key)
    assert key not in str(query(warehouse, "select * from ops.write_keys"))


def test_a_name_is_given_once(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        create_key(connection, name="shop", source="shop")
        with pytest.raises(UniqueViolation):
            create_key(connection, name="shop", source="other")


def test_ensuring_a_key_again_changes_nothing_and_another_key_replaces_it(
    warehouse: Warehouse,
) -> None:
    for key in ("first", "first", "second"):
        with connect(warehouse.dsn(Role.OWNER)) as connection:
            ensure_key(connection, name="shop", source="shop", key=key)
        (row,) = query(warehouse, KEYS, "shop")
        assert bytes(row["key_hash"]) == hash_key(key)


def test_a_key_that_was_revoked_is_valid_again_once_ensured(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        ensure_key(connection, name="shop", source="shop", key="k")
        assert revoke_key(connection, name="shop")
        assert not revoke_key(connection, name="shop")
        ensure_key(connection, name="shop", source="shop", key="k")
    (row,) = query(warehouse, KEYS, "shop")
    assert row["revoked_at"] is None


def test_a_new_key_is_valid_at_once_and_names_the_source(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(connection, name="app", source="app")
    time.sleep(0.3)  # unknown keys are looked up no more often than this
    event = page_view()
    assert ingestion.statuses(event, authorization=f"Bearer {key}") == ["stored"]
    assert stored(landing_warehouse, event["event_id"])["source"] == "app"


def test_a_revoked_key_is_refused_within_seconds(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(connection, name="old", source="old")
    wait_until(lambda: ingestion.send([], authorization=f"Bearer {key}").status_code == 200)
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        revoke_key(connection, name="old")
    wait_until(lambda: ingestion.send([], authorization=f"Bearer {key}").status_code == 401)
