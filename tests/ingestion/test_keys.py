"""Write keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ingestion.keys import (
    create_key,
    ensure_key,
    hash_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view, query, stored
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.errors import OperatorError
from warehouse.roles import Role


def status(ingestion: RunningIngestion, key: str) -> int:
    """Return the status of an empty request with a key."""
    return ingestion.send([], authorization=f"Bearer {key}").status_code


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


def test_a_name_is_given_once_also_after_its_key_was_revoked(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        create_key(connection, name="shop", source="shop")
        revoke_key(connection, name="shop")
        with pytest.raises(OperatorError, match="choose another name"):
            create_key(connection, name="shop", source="other")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": ""}, "The name of a key is"),
        ({"name": "a shop"}, "The name of a key is"),
        ({"name": "s" * 65}, "The name of a key is"),
        ({"name": "anonymous"}, "logs and metrics mean others by it"),
        ({"source": "the shop"}, "A source is"),
        ({"scopes": ["read"]}, "'read' is no scope"),
        ({"scopes": ["ingest:"]}, "'ingest:' is no scope"),
        ({"scopes": ["ingest:Order"]}, "'ingest:Order' is no scope"),
        ({"scopes": ["ingest", "order"]}, "'order' is no scope"),
        ({"allowed_origins": ["*"]}, "'*' is no origin"),
        ({"allowed_origins": ["https://shop.example/"]}, "is no origin: write scheme and host"),
    ],
)
def test_a_key_that_is_not_as_it_must_be_is_not_created(
    warehouse: Warehouse, wrong: dict[str, Any], why: str
) -> None:
    with (
        connect(warehouse.dsn(Role.OWNER)) as connection,
        pytest.raises(OperatorError) as error,
    ):
        create_key(connection, **{"name": "shop", "source": "shop", **wrong})
    assert why in str(error.value)
    assert query(warehouse, KEYS, "shop") == []


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
        revoke_key(connection, name="shop")
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
    wait_until(lambda: status(ingestion, key) == 200)
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        revoke_key(connection, name="old")
    wait_until(lambda: status(ingestion, key) == 401, seconds=3)


@pytest.mark.parametrize("change", [rotate_key, revoke_key])
def test_what_is_no_valid_key_is_neither_rotated_nor_revoked(
    warehouse: Warehouse, change: Callable[..., object]
) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        create_key(connection, name="old", source="old")
        revoke_key(connection, name="old")
        for name in ("old", "nobody"):
            with pytest.raises(OperatorError, match=f"There is no valid key {name}"):
                change(connection, name=name)


def test_a_rotated_key_takes_the_place_of_the_old_one_within_seconds(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        old = create_key(connection, name="rotated", source="rotated")
        wait_until(lambda: status(ingestion, old) == 401)  # not committed yet
    wait_until(lambda: status(ingestion, old) == 200)
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        new = rotate_key(connection, name="rotated")
    wait_until(lambda: status(ingestion, new) == 200, seconds=1)
    wait_until(lambda: status(ingestion, old) == 401, seconds=3)
    event = page_view()
    assert ingestion.statuses(event, authorization=f"Bearer {new}") == ["stored"]
    assert stored(landing_warehouse, event["event_id"])["source"] == "rotated"


def test_a_key_of_some_categories_sends_no_other(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(
            connection, name="narrow", source="narrow", scopes=["ingest:order", "ingest:user"]
        )
    wait_until(lambda: status(ingestion, key) == 200)
    events = [page_view(), page_view(category="product", event_type="view", entity_id="b-1")]
    mine, other = ingestion.verdicts(events, authorization=f"Bearer {key}")
    assert mine["status"] == "stored"
    assert (other["status"], other["reason"]["code"]) == ("quarantined", "out_of_scope")
    assert "order, user" in other["reason"]["message"]


def test_a_scope_that_is_not_understood_lets_nothing_through(
    ingestion: RunningIngestion, landing_warehouse: Warehouse
) -> None:
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(connection, name="odd", source="odd")
        connection.execute("update ops.write_keys set scopes = '{later}' where name = 'odd'")
    wait_until(lambda: status(ingestion, key) == 200)
    (verdict,) = ingestion.verdicts(page_view(), authorization=f"Bearer {key}")
    assert verdict["reason"]["code"] == "out_of_scope"


def test_the_list_names_all_keys_and_shows_none(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        create_key(connection, name="old", source="a")
        revoke_key(connection, name="old")
        key = create_key(
            connection,
            name="new",
            source="b",
            scopes=["ingest:order"],
            allowed_origins=["https://*.shop.example"],
        )
        new, old = list_keys(connection)
    assert new[:4] == ("new", "b", ["ingest:order"], ["https://*.shop.example"])
    assert (new.revoked_at is None, old.revoked_at is None) == (True, False)
    assert key not in str(new)
