"""The dbt project is tested through the pipeline that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.runs import run
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, gates, run_all, settings, settings_for, warehouse
from tests.rows import land
from warehouse.settings import Settings

__all__ = ["gates", "run_all", "settings", "warehouse"]


def build(
    warehouse: Warehouse,
    domain: str,
    *loads: Sequence[Mapping[str, object]],
    settings: Settings | None = None,
) -> None:
    """Land events load by load, and bring a domain up to date after each."""
    for events in loads:
        land(warehouse, events)
        run(
            [domain],
            settings=settings or settings_for(warehouse),
            trigger="test",
            gates=GivenGates(),
        ).raise_for_state()
