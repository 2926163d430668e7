"""A warehouse for all tests of a module, emptied for each, and settings that lead to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations import site
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def module_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    return new_warehouse(postgres)


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    with connect(module_warehouse.dsn(Role.OWNER)) as connection:
        connection.execute(
            "truncate raw.events, raw.event_ids, raw.loads, raw.quarantine, ops.quality_results"
        )
    return module_warehouse


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the Data Docs alone: they have tests of their own, and take half of the time."""
    monkeypatch.setattr(site, "publish", lambda *_: None)


@pytest.fixture
def settings(warehouse: Warehouse, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, transform_dsn=warehouse.dsn(Role.TRANSFORM))
