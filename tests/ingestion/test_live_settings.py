"""A change of footfall.env is in force at the next request, and a wrong one is not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.live_settings import LiveSettings
from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import page_view
from tests.servers import RunningIngestion, running_ingestion
from warehouse.live_settings import LIVE_SETTINGS
from warehouse.settings import ENV_FILE, Settings


def reason(ingestion: RunningIngestion, event: object) -> str | None:
    """Send an event, and return the code of what became of it; None where it is stored."""
    (verdict,) = ingestion.verdicts([event])
    return verdict["reason"]["code"] if verdict["reason"] else None


def health_of_settings(ingestion: RunningIngestion) -> dict[str, Any]:
    health = ingestion.client.get(f"{ingestion.url}/health/").json()
    found: dict[str, Any] = health["dependencies"]["settings"]
    return found


def test_limits_and_unknown_events_obey_at_the_next_request(
    following: RunningIngestion, home: Home
) -> None:
    unknown = {"category": "garden", "event_type": "rose_cut"}
    assert reason(following, unknown) == "unknown_event_type"
    home.write(FOOTFALL_UNKNOWN_EVENTS="custom")
    assert reason(following, unknown) is None
    home.write(FOOTFALL_MAX_EVENT_BYTES=20, FOOTFALL_MAX_BATCH_EVENTS=1)
    assert reason(following, unknown) == "event_too_large"
    assert following.send([unknown, unknown]).status_code == 413
    home.write(FOOTFALL_DEMO="false")
    assert reason(following, unknown) == "unknown_event_type"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("FOOTFALL_MAX_EVENT_BYTES=jane", "FOOTFALL_MAX_EVENT_BYTES"),
        ("FOOTFALL_CONSENT=jane\nFOOTFALL_BOTS=jane", "FOOTFALL_CONSENT, FOOTFALL_BOTS"),
        ("# a note\n\nFOOTFALL_CONSENT jane", "line 3 is no NAME=value"),
        ("FOOTFALL_CONSENT", "line 1 is no NAME=value"),
        ("# nothing yet\n", "the file is empty"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_edit_keeps_the_settings_and_shows_in_the_health(
    following: RunningIngestion, home: Home, wrong: str, why: str
) -> None:
    small = page_view()
    home.write(FOOTFALL_MAX_EVENT_BYTES=20)
    assert reason(following, small) == "event_too_large"
    home.write_text(wrong)
    assert reason(following, small) == "event_too_large"
    settings = health_of_settings(following)
    assert settings["status"] != "healthy"
    assert why in settings["reason"]
    assert "jane" not in settings["reason"]
    home.write(FOOTFALL_DEMO="false")
    assert reason(following, small) is None
    assert health_of_settings(following)["status"] == "healthy"


def test_the_health_tells_of_a_wrong_edit_before_any_request(
    following: RunningIngestion, home: Home
) -> None:
    home.write(FOOTFALL_CONSENT="maybe")
    assert "FOOTFALL_CONSENT" in health_of_settings(following)["reason"]
    home.write(FOOTFALL_DEMO="false")


def test_the_log_names_a_wrong_setting_and_not_its_value(
    warehouse: Warehouse, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path)
    with running_ingestion(warehouse, FOOTFALL_HOME=str(tmp_path)) as ingestion:
        home.write(FOOTFALL_JWT_SECRET="hunter2", FOOTFALL_MAX_DEPTH="hunter2")
        ingestion.verdicts(page_view())
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    (line,) = [line for line in lines if line["message"].startswith("settings not reloaded")]
    assert line["level"] == "error"
    assert "FOOTFALL_MAX_DEPTH" in line["message"]
    assert "hunter2" not in json.dumps(lines)


def test_a_file_that_vanishes_puts_no_default_in_force(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write(FOOTFALL_CONSENT="opt_in")
    live = LiveSettings(Settings(home=tmp_path, _env_file=tmp_path / ENV_FILE))
    (tmp_path / ENV_FILE).unlink()
    assert live.current().consent == "opt_in"
    assert live.problem == "footfall.env is not in force: the file is gone"
    home.write(FOOTFALL_CONSENT="opt_out")
    assert live.current().consent == "opt_out"
    assert live.problem is None


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    monkeypatch.setenv("FOOTFALL_CONSENT", "opt_in")
    live = LiveSettings(Settings(home=tmp_path, _env_file=tmp_path / ENV_FILE))
    home.write(FOOTFALL_CONSENT="off", FOOTFALL_BOTS="suppress")
    assert (live.current().consent, live.current().bots) == ("opt_in", "suppress")


def test_settings_are_read_anew_only_when_the_file_has_changed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    live = LiveSettings(Settings(home=tmp_path, _env_file=tmp_path / ENV_FILE))
    before = live.current()
    assert live.current() is before
    home.write(FOOTFALL_CONSENT="off")
    assert live.current() is not before
    assert live.current() is live.current()


def test_what_is_live_is_a_setting() -> None:
    assert Settings.model_fields.keys() >= LIVE_SETTINGS
