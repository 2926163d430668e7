"""``footfall settings``: what is in force and where from, and changing it without a slip."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.cli import main
from stack.launch import write_launches
from stack.parts import define_parts
from stack.state import prepare_state, read_env_file
from warehouse.settings import ENV_FILE

Run = Callable[..., str]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``footfall settings`` over a state directory; returns what it says."""
    prepare_state()

    def settings(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["settings", *words])
        captured = capsys.readouterr()
        return captured.err if ended.value.code else captured.out

    return settings


def test_a_live_setting_is_obeyed_at_the_next_request(run: Run, home: Path) -> None:
    said = run("set", "FOOTFALL_CONSENT", "opt_in")

    assert said == "FOOTFALL_CONSENT is set: ingestion obeys from its next request on.\n"
    assert read_env_file(home)["FOOTFALL_CONSENT"] == "opt_in"
    assert stat.S_IMODE((home / ENV_FILE).stat().st_mode) == 0o600


def test_a_setting_of_retention_is_obeyed_when_it_runs_next(run: Run) -> None:
    assert "retention obeys from its next run on" in run("set", "retention_days", "365")
    assert "'shop' is no source with a number of days" in run(
        "set", "retention_days_by_source", "shop"
    )
    assert "Input should be greater than 0" in run("set", "retention_days", "0")


def test_another_setting_asks_for_make_up(run: Run) -> None:
    assert "run `make up`" in run("set", "reporting_timezone", "Europe/Berlin")


def test_secrets_and_addresses_stay_as_they_were(run: Run, home: Path) -> None:
    before = read_env_file(home)
    run("set", "consent", "opt_in")

    assert read_env_file(home) == {**before, "FOOTFALL_CONSENT": "opt_in"}


def test_an_empty_value_takes_the_default_back(run: Run, home: Path) -> None:
    before = read_env_file(home)
    run("set", "consent", "opt_in")

    assert "is its default" in run("set", "consent", "")
    assert read_env_file(home) == before


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("consent", "maybe", "FOOTFALL_CONSENT: Input should be 'off', 'opt_out' or 'opt_in'"),
        ("max_depth", "0", "FOOTFALL_MAX_DEPTH: Input should be greater than 0"),
        ("consnet", "opt_in", "There is no setting consnet; do you mean consent?"),
        ("xyzzy", "1", "`footfall settings list` has them all"),
        ("home", "elsewhere", "set it in the environment"),
        ("ingest_dsn", "postgresql://x", "change those, and run `make up`"),
        ("privacy_secret", "another", "kept for ever"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    run: Run, home: Path, name: str, value: str, why: str
) -> None:
    before = (home / ENV_FILE).read_bytes()

    assert why in run("set", name, value)
    assert (home / ENV_FILE).read_bytes() == before


def test_a_setting_that_the_environment_overrules_says_so(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_CONSENT", "off")
    parts = define_parts(prepare_state())
    (home / "supervisor").mkdir()
    write_launches(home, {part.name: part.launch for part in parts})
    monkeypatch.delenv("FOOTFALL_CONSENT")

    assert "goes before the file" in run("set", "consent", "opt_in")
    assert "ingestion obeys" in run("set", "bots", "suppress")


def test_the_list_says_where_each_comes_from_and_hides_secrets(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("set", "consent", "opt_in")
    monkeypatch.setenv("FOOTFALL_BOTS", "suppress")
    text = run("list", "--json")
    listed = {setting["name"]: setting for setting in json.loads(text)}

    assert listed["FOOTFALL_CONSENT"] == {
        "name": "FOOTFALL_CONSENT",
        "value": "opt_in",
        "origin": "footfall.env",
        "is_live": True,
    }
    assert listed["FOOTFALL_BOTS"]["origin"] == "environment"
    assert listed["FOOTFALL_MAX_DEPTH"]["origin"] == "default"
    assert read_env_file(home)["FOOTFALL_WRITE_KEY"] not in text
    assert "FOOTFALL_CONSENT" in run("list")
