"""What each part is started with: nothing that a live setting of the file could not overtake."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.parts import INGESTION, POSTGRES, SERVING, define_parts
from stack.state import prepare_state
from warehouse.settings import ENV_FILE


def environments(home: Path, *lines: str) -> dict[str, dict[str, str]]:
    """Return the environment of every part, with these lines added to footfall.env."""
    prepare_state()
    with (home / ENV_FILE).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    return {part.name: dict(part.launch.environment) for part in define_parts(prepare_state())}


def test_a_live_setting_of_the_file_is_left_to_the_file(home: Path) -> None:
    before = environments(home)
    after = environments(home, "FOOTFALL_CONSENT=opt_in", f"FOOTFALL_JWT_SECRET={'x' * 32}")

    assert after == before  # so that `make up` restarts nothing for them


def test_a_live_setting_of_the_environment_goes_to_ingestion_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_CONSENT", "opt_in")
    found = environments(home, "FOOTFALL_CONSENT=off")

    assert found[INGESTION]["FOOTFALL_CONSENT"] == "opt_in"
    assert [name for name in found if "FOOTFALL_CONSENT" in found[name]] == [INGESTION]


def test_another_setting_of_the_file_starts_the_parts_anew(home: Path) -> None:
    found = environments(home, "FOOTFALL_MAX_QUEUED_EVENTS=7")

    for part in (INGESTION, SERVING):
        assert found[part]["FOOTFALL_MAX_QUEUED_EVENTS"] == "7"
    assert "FOOTFALL_MAX_QUEUED_EVENTS" not in found[POSTGRES]
