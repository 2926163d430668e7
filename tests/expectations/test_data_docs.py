"""The Data Docs: what the gates found, as pages, and nothing in them that must not get out."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from expectations import site
from expectations.gate import check_loads
from tests.conftest import PASSWORD, Warehouse
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

RUN = 21
FIRST_OF_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def claimed(warehouse: Warehouse, settings: Settings) -> Settings:
    """Settings of a warehouse where a run has claimed an event that is too old."""
    land(
        warehouse,
        [
            {"user_id": "erika@example.org", "session_id": "s"},
            {"user_id": "erika@example.org", "session_id": "s", "occurred_at": FIRST_OF_ALL},
        ],
    )
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update raw.loads set state = 'claimed', run_id = %s", (RUN,))
    return settings


def files(directory: Path) -> Iterator[tuple[Path, str]]:
    for path in directory.rglob("*"):
        if path.is_file():
            yield path, path.read_text()


def pages(settings: Settings, suite: str) -> list[str]:
    folder = site.directory(settings.home) / "validations" / Path(*suite.split("."))
    return [text for _, text in files(folder)]


def test_the_start_page_names_the_suites_and_leads_to_the_runs(claimed: Settings) -> None:
    check_loads(claimed, RUN)
    home = site.directory(claimed.home)
    index = (home / "index.html").read_text()
    assert "raw.events" in index
    assert "raw.loads" in index
    assert f"run-{RUN}" in index
    links = [part.partition('"')[0] for part in index.split('href="')[1:]]
    assert len(links) == 6  # for each of two suites: a run, and twice the suite
    assert all((home / link).is_file() for link in links)


def test_a_page_says_what_was_expected_and_what_was_found(claimed: Settings) -> None:
    check_loads(claimed, RUN)
    (page,) = pages(claimed, "raw.events")
    assert "Blocking: no event is older than 1990" in page
    assert "1970-01-01" in page
    assert "Warning: at least half of the events name their session" in page


def test_pages_load_nothing_from_elsewhere(claimed: Settings) -> None:
    check_loads(claimed, RUN)
    for path, text in files(site.directory(claimed.home)):
        assert "http://" not in text, path
        assert "https://" not in text, path
        assert "<script" not in text, path


def test_nothing_written_holds_the_password_or_names_a_person(
    warehouse: Warehouse, claimed: Settings
) -> None:
    check_loads(claimed, RUN)
    written = list(files(claimed.home))
    assert len(written) > 5
    for path, text in written:
        assert PASSWORD not in text, path
        assert "erika" not in text, path
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        row = connection.execute(
            "select count(*) from ops.quality_results as r where r::text like '%%erika%%'"
        ).fetchone()
    assert row == (0,)


def test_only_the_last_runs_are_kept(claimed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "KEPT_RUNS", 2)
    for _ in range(4):
        check_loads(claimed, RUN)
    for suite in ("raw.events", "raw.loads"):
        assert len(pages(claimed, suite)) == 2
        stored = claimed.home / "quality" / "validations" / Path(*suite.split("."))
        assert len(list(files(stored))) == 2


def test_the_verdict_stands_where_the_pages_cannot_be_written(
    warehouse: Warehouse, claimed: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (claimed.home / "quality").write_text("a file in the way")
    with caplog.at_level(logging.ERROR):
        result = check_loads(claimed, RUN)
    assert len(result.failures) == 1
    assert "the Data Docs could not be written" in caplog.text
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        row = connection.execute("select count(*) from ops.quality_results").fetchone()
    assert row == (len(result.results),)


def test_asking_without_loads_does_not_import_great_expectations(settings: Settings) -> None:
    program = (
        "import sys\n"
        "from expectations.gate import check_candidates, check_loads\n"
        "from warehouse.settings import load_settings\n"
        f"assert check_loads(load_settings(), {RUN}).passed\n"
        f"assert check_candidates(load_settings(), 'daily', {RUN}).passed\n"
        "assert 'great_expectations' not in sys.modules\n"
    )
    environment = {
        "FOOTFALL_HOME": str(settings.home),
        "FOOTFALL_TRANSFORM_DSN": settings.require("transform_dsn"),
    }
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
