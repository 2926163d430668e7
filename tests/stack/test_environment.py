"""Making the environment: nothing to do twice, and a remedy for what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT

TOOLS = ("sh", "cat", "cksum", "id", "sed", "mktemp", "rm", "dirname")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the script reads of a clone, in a directory with a space in its name."""
    directory = tmp_path / "a clone"
    (directory / "stack").mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / "stack" / "environment.sh", directory / "stack")
    (directory / "requirements.txt").write_text("uv==1.0\n")
    (directory / "pyproject.toml").touch()
    return directory


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A search path with the tools of every system, and no Python."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (directory / tool).symlink_to(found)
    return directory


def make_environment(clone: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "stack/environment.sh"],
        cwd=clone,
        env={"PATH": str(tools), "HOME": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_without_a_python_it_says_how_to_get_one(clone: Path, tools: Path) -> None:
    done = make_environment(clone, tools)

    assert done.returncode == 1
    assert "no Python 3.11 or later was found" in done.stderr
    assert "apt-get install python3" in done.stderr


def test_a_python_that_is_too_old_is_passed_over(clone: Path, tools: Path) -> None:
    script(tools / "python3", "exit 1")  # as where the check of its version fails

    assert "no Python 3.11 or later was found" in make_environment(clone, tools).stderr


def test_a_python_without_venv_and_pip_is_named_with_the_package_to_install(
    clone: Path, tools: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    (broken / "pip").mkdir(parents=True)
    for module in ("ensurepip.py", "pip/__init__.py"):
        (broken / module).write_text("raise ImportError")
    script(
        tools / "python3", f'PYTHONPATH="{broken}" exec "{os.path.realpath(sys.executable)}" "$@"'
    )

    done = make_environment(clone, tools)

    assert done.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt-get install python{version}-venv" in done.stderr


def test_where_nothing_has_changed_it_does_nothing(clone: Path, tools: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    script(clone / ".venv" / "bin" / "python", "exit 3")
    checksum = subprocess.run(
        ["sh", "-c", "cat requirements.txt pyproject.toml | cksum; pwd -P"],
        cwd=clone,
        capture_output=True,
        text=True,
        check=True,
    )
    (clone / ".venv" / "footfall-environment").write_text(checksum.stdout)

    done = make_environment(clone, tools)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_make_finds_a_target_for_everything_that_is_promised() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    for target in ("up", "down", "status", "test", "lint", "bench", "lock", "docs"):
        assert f"make {target} " in done.stdout
