"""A state directory of its own for each test of one-machine operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.cli import main
from tests.conftest import Warehouse, free_port
from warehouse.roles import Role
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


@pytest.fixture
def footfall(
    home: Path,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """Runs ``footfall`` on a warehouse; returns what it prints, after FAILED where it fails."""
    monkeypatch.setenv("FOOTFALL_TRANSFORM_DSN", warehouse.dsn(Role.TRANSFORM))
    monkeypatch.setenv("FOOTFALL_OWNER_DSN", warehouse.dsn(Role.OWNER))
    monkeypatch.setenv("COLUMNS", "200")
    load_settings.cache_clear()

    def command(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        captured = capsys.readouterr()
        return f"FAILED {captured.out}{captured.err}" if ended.value.code else captured.out

    return command
