"""The dbt project is tested through the pipeline that runs it."""

from __future__ import annotations

from tests.pipeline.conftest import gates, run_all, settings, warehouse

__all__ = ["gates", "run_all", "settings", "warehouse"]
