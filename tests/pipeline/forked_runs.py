"""Runs the pipeline in a child of its own each time it is asked to, for tests that kill it.

``python -m tests.pipeline.forked_runs`` imports and parses dbt once, prints ``ready``, and then for
each line on standard input forks a child that runs every domain, printing ``started <pid>`` and
``ended <status>``; a status below zero is the signal that ended it.
"""

from __future__ import annotations

import os
import sys

from pipeline.dbt import dbt_project
from pipeline.runs import run
from tests.pipeline.conftest import GivenGates
from warehouse.settings import load_settings


def main() -> None:
    """Serve until standard input ends."""
    settings = load_settings()
    dbt_project(settings).marts("daily")  # parses the project
    _say("ready")
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what dbt says is no answer
            os._exit(_run())
        _say(f"started {pid}")
        _, status = os.waitpid(pid, 0)
        _say(f"ended {os.waitstatus_to_exitcode(status)}")


def _run() -> int:
    try:
        report = run(["all"], settings=load_settings(), trigger="test", gates=GivenGates())
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0 if report.is_success else 1


def _say(answer: str) -> None:
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
