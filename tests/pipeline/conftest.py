"""A warehouse for the pipeline: the same database name each time, so that dbt parses once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.dbt import PROJECT_DIRECTORY
from pipeline.runs import RunReport, run
from stack.postgres import EmbeddedPostgres
from tests.conftest import PASSWORD, Warehouse, new_warehouse
from warehouse.connections import connect
from warehouse.roles import Role, bootstrap
from warehouse.settings import Settings, load_settings

DATABASE = "footfall_pipeline"
Run = Callable[..., RunReport]
MARTS = tuple(sorted(path.stem for path in (PROJECT_DIRECTORY / "models" / "marts").rglob("*.sql")))


@pytest.fixture(scope="module")
def module_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """A warehouse for all tests of a module that empties it for each."""
    return new_warehouse(postgres)


@pytest.fixture
def warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    return fresh_warehouse(postgres)


def fresh_warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """Create the warehouse anew, empty."""
    server = postgres.superuser_dsn.rpartition("/")[0]
    with connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)".encode())
        connection.execute(f"create database {DATABASE} template footfall".encode())
    bootstrap(f"{server}/{DATABASE}", dict.fromkeys(Role, PASSWORD))
    return Warehouse(f"{server}/{DATABASE}")


@pytest.fixture
def settings(warehouse: Warehouse) -> Settings:
    return settings_for(warehouse)


def settings_for(warehouse: Warehouse) -> Settings:
    """Return the settings of a pipeline that works on a warehouse."""
    return load_settings().model_copy(update={"transform_dsn": warehouse.dsn(Role.TRANSFORM)})


@dataclass(frozen=True)
class Verdict:
    """What a gate says, where a test is not about expectations."""

    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    suspects: Mapping[int, str] | None = None

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass
class GivenGates:
    """Gates whose verdict a test decides: what the pipeline does with one is its own matter."""

    loads: tuple[str, ...] = ()
    suspects: Mapping[int, str] | None = None
    candidates: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def check_loads(self, settings: Settings, run_id: int) -> Verdict:
        return Verdict(self.loads, suspects=self.suspects)

    def check_candidates(self, settings: Settings, domain: str, run_id: int) -> Verdict:
        return Verdict(self.candidates.get(domain, ()))


@pytest.fixture
def gates() -> GivenGates:
    return GivenGates()


@pytest.fixture
def run_all(settings: Settings, gates: GivenGates) -> Run:
    """Run every domain, and insist that it succeeds unless told otherwise."""

    def run_it(*, full_refresh: bool = False, may_fail: bool = False) -> RunReport:
        report = run(
            ["all"], settings=settings, trigger="test", full_refresh=full_refresh, gates=gates
        )
        if not may_fail:
            report.raise_for_state()
        return report

    return run_it


def mart(warehouse: Warehouse, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return the rows of a published mart, ordered, as an analyst would read them."""
    with connect(warehouse.dsn(Role.READER)) as connection:
        query = f"select * from (select {columns} from marts.{name}) as read order by read"
        return connection.execute(query.encode()).fetchall()


def all_marts(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every published mart, in an order that does not depend on storage."""
    return {name: sorted(mart(warehouse, name), key=repr) for name in MARTS}
