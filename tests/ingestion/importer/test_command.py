from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from stack.commands.import_events import import_events
from tests.conftest import Warehouse, free_port, stop
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(
    tmp_path: Path, ingestion: RunningIngestion, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Invoke]:
    """Run ``footfall import`` with the words given."""
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTFALL_INGESTION_URL", ingestion.url)
    monkeypatch.setenv("FOOTFALL_WRITE_KEY", ingestion.write_key)
    app = typer.Typer()
    app.command()(import_events)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, words)

    load_settings.cache_clear()
    yield run
    load_settings.cache_clear()


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    path = tmp_path / "visits.csv"
    rows = [f"2024-03-01T12:00:00Z,{event},{request.node.name}" for event in ("seen", "odd")]
    path.write_text("\n".join(["time,event,visitor", *rows]))
    return str(path)


def report(result: Result) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def test_the_tally_tells_what_became_of_every_row(invoke: Invoke, file: str, visits: str) -> None:
    result = invoke(file, "--format", "csv", "--mapping", visits)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "2 rows read"
    assert lines[1].startswith("1 rows unreadable:")
    assert lines[2:4] == ["1 events sent", "1 stored"]


def test_scripts_get_the_tally_as_json(invoke: Invoke, file: str, visits: str) -> None:
    words = (file, "--format", "csv", "--mapping", visits, "--json")
    first, second = report(invoke(*words)), report(invoke(*words))
    assert (first["rows"], first["rejected_rows"], first["stored"]) == (2, 1, 1)
    assert (second["stored"], second["duplicate"]) == (0, 1)
    assert first["event_types"] == {"user/page_view": 1}
    assert Path(first["rejected_report"]).is_file()


def test_a_dry_run_shows_events_and_sends_nothing(invoke: Invoke, file: str, visits: str) -> None:
    words = (file, "--format", "csv", "--mapping", visits)
    shown = invoke(*words, "--dry-run")
    assert shown.exit_code == 0
    assert '"event_type": "page_view"' in shown.stdout
    assert "line 3: no rule of the mapping applies" in shown.stdout
    assert "Nothing was sent." in shown.stdout
    assert report(invoke(*words, "--json"))["stored"] == 1


def test_a_dry_run_says_what_would_be_quarantined(
    invoke: Invoke, tmp_path: Path, visits: str
) -> None:
    path = tmp_path / "opened.csv"
    path.write_text("time,event,visitor\n2024-03-01T12:00:00Z,opened,x\n")
    shown = report(invoke(str(path), "--format", "csv", "--mapping", visits, "--dry-run", "--json"))
    assert (shown["stored"], shown["quarantined"]) == (0, 1)
    assert shown["reasons"][0]["field"] == "entity_id"


def test_an_import_that_is_stopped_exits_with_an_error(
    invoke: Invoke, file: str, visits: str
) -> None:
    words = (file, "--format", "csv", "--mapping", visits, "--quarantine-limit", "0")
    assert invoke(*words).exit_code == 1


def test_ingestion_that_is_away_is_named_with_the_remedy(
    invoke: Invoke, file: str, visits: str
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = invoke(file, "--format", "csv", "--mapping", visits, "--url", url)
    assert result.exit_code == 1
    assert url in str(result.exception)
    assert "make up" in str(result.exception)


def test_an_option_without_value_is_refused(invoke: Invoke, file: str) -> None:
    result = invoke(file, "--format", "csv", "--option", "currency")
    assert result.exit_code == 2


def test_an_import_that_was_killed_goes_on_and_counts_everything_once(
    invoke: Invoke, tmp_path: Path, visits: str, landing_warehouse: Warehouse
) -> None:
    rows = 40_000
    path = tmp_path / "long.csv"
    lines = (f"2024-03-01T12:00:00.{number:06}Z,seen,killed" for number in range(rows))
    path.write_text("time,event,visitor\n" + "\n".join(lines))
    words = (str(path), "--format", "csv", "--mapping", visits, "--json")

    process = subprocess.Popen([sys.executable, "-m", "stack.cli", "import", *words])
    state = tmp_path / "home" / "imports"
    while not list(state.glob("*.json")):  # progress is noted while rows are sent
        assert process.poll() is None, "the import ended before it could be killed"
        time.sleep(0.01)
    stop(process, signal.SIGKILL)

    tally = report(invoke(*words))
    assert tally["rows"] == tally["events"] == tally["stored"] + tally["duplicate"] == rows
    assert not list(state.glob("*.json"))
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        query = "select count(*) from raw.events where visitor_id = 'killed'"
        assert connection.execute(query).fetchone() == (rows,)
