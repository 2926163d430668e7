"""``footfall keys``: a key is printed once, and what is wrong is said in a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.keys import create_key, ensure_key, hash_key
from stack.cli import main
from stack.state import prepare_state, read_env_file
from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings

Run = Callable[..., str]


@pytest.fixture
def run(
    home: Path,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs ``footfall keys``; returns what it prints, or the error where it fails."""
    prepare_state()
    monkeypatch.setenv("FOOTFALL_OWNER_DSN", warehouse.dsn(Role.OWNER))
    load_settings.cache_clear()

    def keys(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["keys", *words])
        captured = capsys.readouterr()
        return captured.err if ended.value.code else captured.out

    return keys


def valid(warehouse: Warehouse) -> dict[str, bytes]:
    """Return the hashes of the valid keys by name."""
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        rows = connection.execute(
            "select name, key_hash from ops.write_keys where revoked_at is null"
        )
        return {name: bytes(key_hash) for name, key_hash in rows}


def test_a_new_key_is_printed_alone_so_that_a_script_can_take_it(
    run: Run, warehouse: Warehouse
) -> None:
    key = run("create", "shop", "--source", "web")
    assert key.startswith("fw_")
    assert valid(warehouse) == {"shop": hash_key(key.strip())}


def test_a_key_for_pages_of_some_categories_is_created_as_asked(run: Run) -> None:
    said = json.loads(
        run(
            *("create", "page", "--source", "web", "--json"),
            *("--scope", "ingest:user", "--scope", "ingest:product"),
            *("--origin", "https://shop.example", "--origin", "https://*.shop.example"),
        )
    )
    assert said.pop("key").startswith("fw_")
    described = {
        "name": "page",
        "source": "web",
        "scopes": ["ingest:user", "ingest:product"],
        "allowed_origins": ["https://shop.example", "https://*.shop.example"],
    }
    assert said == described
    (listed,) = json.loads(run("list", "--json"))
    assert listed.items() >= described.items()
    assert "fw_" not in run("list")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("create", "shop", "--source", "web"), "There is or was a key shop"),
        (("create", "a b", "--source", "web"), "The name of a key is"),
        (("create", "new", "--source", "web", "--scope", "ingest:ordre"), "no category 'ordre'"),
        (("create", "new", "--source", "web", "--origin", "shop.example"), "is no origin"),
        (("rotate", "nobody"), "There is no valid key nobody; `footfall keys list` has them."),
        (("revoke", "nobody"), "There is no valid key nobody; `footfall keys list` has them."),
        (("revoke", "default"), "replace it by `footfall keys rotate default`"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    run: Run, warehouse: Warehouse, words: tuple[str, ...], why: str
) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        create_key(connection, name="shop", source="shop")
        ensure_key(connection, name="default", source="default", key="k")
    before = valid(warehouse)
    said = run(*words)
    assert why in said
    assert len(said.splitlines()) == 1
    assert valid(warehouse) == before


def test_a_key_is_rotated_and_revoked(run: Run, warehouse: Warehouse) -> None:
    first = run("create", "shop", "--source", "web")
    second = json.loads(run("rotate", "shop", "--json"))
    assert second["key"] != first.strip()
    assert valid(warehouse) == {"shop": hash_key(second["key"])}
    assert "refuses it within 2 seconds" in run("revoke", "shop")
    assert valid(warehouse) == {}


def test_the_key_of_the_installation_is_rotated_in_its_file_too(
    run: Run, home: Path, warehouse: Warehouse
) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        ensure_key(connection, name="default", source="default", key="old")
    key = run("rotate", "default").strip()
    assert read_env_file(home)["FOOTFALL_WRITE_KEY"] == key
    assert valid(warehouse) == {"default": hash_key(key)}


def test_the_key_of_the_installation_stays_where_the_environment_has_it(
    run: Run, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        ensure_key(connection, name="default", source="default", key="old")
    monkeypatch.setenv("FOOTFALL_WRITE_KEY", "old")
    assert "FOOTFALL_WRITE_KEY is in the environment" in run("rotate", "default")
    assert valid(warehouse) == {"default": hash_key("old")}
