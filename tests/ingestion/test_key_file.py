"""The write keys in a file: senders are known also where ingestion starts without Postgres."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from ingestion.key_file import KEY_FILE, KeyFile, StoredKey
from ingestion.key_ring import KeyRing
from ingestion.keys import create_key, hash_key
from tests.conftest import Warehouse
from tests.ingestion.ledger import away, page_view, stored, wait_until_drained
from tests.servers import RunningIngestion, running_ingestion
from warehouse.connections import connect
from warehouse.roles import Role

SHOP = StoredKey("shop", hash_key("fw_shop"), "web", ("ingest",), ("https://shop.example",))


async def no_postgres(query: str) -> Sequence[Any]:
    raise ConnectionRefusedError


def find(file: KeyFile, key: str) -> str | None:
    """Return as which source a key sends while Postgres is away."""

    async def run() -> str | None:
        sender = await KeyRing(no_postgres, file).find(hash_key(key))
        return sender and sender.source

    return asyncio.run(run())


def test_keys_come_back_from_the_file_as_they_were(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / KEY_FILE)
    file.write([SHOP])
    assert file.read() == [SHOP]
    assert find(file, "fw_shop") == "web"
    assert find(file, "fw_other") is None


def test_the_file_is_for_its_owner_alone_and_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_text("[]")
    path.chmod(0o644)
    KeyFile(path).write([SHOP])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"fw_shop" not in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"name": 1}]', b"\xff", b"[" * 100_000])
def test_a_file_that_is_wrong_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    with pytest.raises(ConnectionRefusedError):
        find(KeyFile(path), "fw_shop")


def test_where_the_file_cannot_be_written_ingestion_goes_on(tmp_path: Path) -> None:
    async def fetch(query: str) -> Sequence[Any]:
        return [(SHOP.name, SHOP.key_hash, SHOP.source, ["ingest"], [])]

    async def run() -> None:
        ring = KeyRing(fetch, KeyFile(tmp_path / "missing" / KEY_FILE))
        assert await ring.find(SHOP.key_hash)

    asyncio.run(run())


def test_ingestion_that_starts_while_postgres_is_away_knows_its_senders(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    def starting() -> AbstractContextManager[RunningIngestion]:
        spool = str(tmp_path / "spool")
        return running_ingestion(warehouse, FOOTFALL_HOME=str(tmp_path), FOOTFALL_SPOOL_DIR=spool)

    with connect(warehouse.dsn(Role.OWNER)) as connection:
        key = create_key(connection, name="shop", source="shop")
    with starting():
        pass  # the keys are read before anybody sends
    event = page_view()
    with (
        away(warehouse),
        starting() as ingestion,
    ):
        assert ingestion.statuses(event, authorization=f"Bearer {key}") == ["stored"]
        assert ingestion.send([], authorization="Bearer fw_unknown").status_code == 401
        keys = health_of_keys(ingestion)
        assert (keys["status"], keys["valid"]) == ("stale", 3)
    with starting() as ingestion:
        wait_until_drained(ingestion)
    assert stored(warehouse, event["event_id"])["source"] == "shop"


def health_of_keys(ingestion: RunningIngestion) -> dict[str, Any]:
    health = ingestion.client.get(f"{ingestion.url}/health/").json()
    found: dict[str, Any] = health["dependencies"]["keys"]
    return found
