"""The command: quick to answer, and plain where something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.cli import COMMANDS, main
from warehouse.errors import OperatorError


def footfall(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_names_every_command() -> None:
    done = footfall("--help")

    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_help_waits_for_nothing_that_takes_seconds_to_import() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "stack.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }

    assert "typer" in imported
    assert not imported & {"airflow", "dbt", "great_expectations", "pandas", "pyarrow", "starlette"}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_of_its_own(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])

    assert caught.value.code == 0
    assert f"footfall {command}" in capsys.readouterr().out


def test_an_unknown_command_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fly"])

    assert caught.value.code == 2
    assert "No such command 'fly'" in capsys.readouterr().err


def test_before_the_first_start_status_says_what_to_do_and_fails(home: Path) -> None:
    done = footfall("status")

    assert done.returncode == 1
    assert "run `make up` first" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_of_the_wrong_type_is_named_without_a_traceback(home: Path) -> None:
    done = footfall("up", FOOTFALL_MAX_BATCH_EVENTS="many")

    assert done.returncode == 1
    assert "FOOTFALL_MAX_BATCH_EVENTS: Input should be a valid integer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(words: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("stack.cli.application", broken)

    with pytest.raises(ZeroDivisionError):
        main([])


def test_what_the_operator_can_mend_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(words: object) -> None:
        raise OperatorError("turn it on [first]")

    monkeypatch.setattr("stack.cli.application", refused)

    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 1
    assert capsys.readouterr().err == "footfall: turn it on [first]\n"


def test_down_where_nothing_runs_succeeds(home: Path) -> None:
    done = footfall("down")

    assert done.returncode == 0
    assert "Nothing was ever started" in done.stdout
    assert not home.exists()


def test_status_after_down_is_json_with_a_reason_for_each_part(home: Path) -> None:
    from stack.state import prepare_state

    prepare_state()
    done = footfall("status", "--json")

    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert not answer["healthy"]
    assert {part["reason"] for part in answer["parts"]} == {"not running"}
