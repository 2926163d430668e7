"""What the tests of the quarantine share: senders, and the command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingestion.keys import ensure_key
from ingestion.plan import CATALOG
from stack.commands.quarantine import app
from tests.conftest import Warehouse
from tests.ingestion.ledger import assert_ledger_adds_up
from tests.ingestion.quarantine.shop import Invoke, Shop
from tests.servers import PRIVACY_SECRET, RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings


@pytest.fixture(scope="module")
def sources(landing_warehouse: Warehouse) -> Iterator[str]:
    """Sources that have a key, each for one test."""
    names = [f"shop-{number}" for number in range(100)]
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        for name in names:
            ensure_key(connection, name=name, source=name, key=f"fw_{name}")
        connection.execute("insert into ops.products values ('mug', 'Mug')")
    return iter(names)


@pytest.fixture
def shop(
    sources: Iterator[str],
    ingestion: RunningIngestion,
    landing_warehouse: Warehouse,
    ledger: None,
) -> Shop:
    return Shop(next(sources), ingestion, landing_warehouse)


@pytest.fixture(scope="module")
def ledger(landing_warehouse: Warehouse) -> Iterator[None]:
    """Hold the ledger against the rows, once the tests of a file are through."""
    yield
    assert_ledger_adds_up(landing_warehouse)


@pytest.fixture
def invoke(landing_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Run ``footfall quarantine`` with the words given, and the environment on top."""

    def run(*words: str, answer: str = "", **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        load_settings.cache_clear()
        return CliRunner().invoke(app, words, input=answer)

    monkeypatch.setenv("FOOTFALL_OWNER_DSN", landing_warehouse.dsn(Role.OWNER))
    monkeypatch.setenv("FOOTFALL_PRIVACY_SECRET", PRIVACY_SECRET)
    yield run
    load_settings.cache_clear()


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogue, which the command obeys."""
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    monkeypatch.setenv("FOOTFALL_CATALOG_DIR", str(folder))
    return folder
