"""A state directory of its own for each test of one-machine operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from warehouse.settings import load_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty state directory, with free ports."""
    directory = tmp_path / "home"
    monkeypatch.setenv("FOOTFALL_HOME", str(directory))
    for part in ("POSTGRES", "INGESTION", "SERVING", "AIRFLOW"):
        monkeypatch.setenv(f"FOOTFALL_{part}_PORT", str(free_port()))
    yield directory
    load_settings.cache_clear()
