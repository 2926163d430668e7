"""The supervisor: what ends comes back, what is stopped stays away, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from stack.launch import Launch, running_fingerprint
from stack.parts import Part
from stack.processes import HOME_MARK, PART_MARK, find_marked
from stack.supervise import Supervisor

T = TypeVar("T")

# A part with a child that ignores requests to stop, as a busy worker may.
PARENT_AND_CHILD = """
import os, signal, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.setpgid(0, 0)
while True:
    time.sleep(60)
"""


def part(home: Path, name: str = "worker", **environment: str) -> Part:
    return Part(
        name,
        Launch(
            command=(sys.executable, "-c", PARENT_AND_CHILD),
            environment={HOME_MARK: str(home), PART_MARK: name, **environment},
            inherited={},
            directory="/",
        ),
        stop_seconds=2,
    )


def wait_for(get: Callable[[], T], what: str, seconds: float = 15) -> T:
    deadline = time.monotonic() + seconds
    while not (result := get()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return result


def pids(home: Path, name: str = "worker") -> set[int]:
    return {marked.process.pid for marked in find_marked(home, name)}


def family(supervisor: Supervisor, name: str = "worker") -> set[int]:
    """The processes of a part once it and its child run."""

    def both() -> set[int]:
        info = supervisor.infos()[name]
        found = pids(supervisor.home, name)
        return found if info.state == "RUNNING" and len(found) == 2 else set()

    return wait_for(both, f"{name} and its child")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "home")
    try:
        yield supervisor
    finally:
        supervisor.shutdown()
        assert find_marked(supervisor.home) == []


def test_a_part_that_is_killed_comes_back_without_its_old_children(
    supervisor: Supervisor,
) -> None:
    supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")
    before = family(supervisor)

    os.kill(supervisor.infos()["worker"].pid, signal.SIGKILL)

    wait_for(lambda: not pids(supervisor.home) & before, "the old processes to go")
    assert not family(supervisor) & before


def test_a_part_that_is_stopped_stays_away_with_its_children(supervisor: Supervisor) -> None:
    supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")
    family(supervisor)

    supervisor.stop(["worker"])

    assert pids(supervisor.home) == set()
    assert supervisor.infos()["worker"].state == "STOPPED"


def test_after_the_supervisor_is_killed_a_new_one_clears_up_and_takes_over(
    supervisor: Supervisor,
) -> None:
    supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")
    before = family(supervisor)
    pid = supervisor.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(pid), "the supervisor to go")

    assert supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")

    assert not family(supervisor) & before


def test_a_second_call_leaves_everything_running(supervisor: Supervisor) -> None:
    supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")
    before = family(supervisor)

    assert not supervisor.ensure([part(supervisor.home)])
    supervisor.start("worker")

    assert family(supervisor) == before


def test_another_set_of_parts_starts_the_supervisor_anew(supervisor: Supervisor) -> None:
    supervisor.ensure([part(supervisor.home)])

    assert supervisor.ensure([part(supervisor.home), part(supervisor.home, "second")])
    assert set(supervisor.infos()) == {"worker", "second"}


def test_a_home_too_long_for_a_socket_works(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / ("deep" * 20) / "home with spaces, 100%")
    try:
        assert supervisor.ensure([part(supervisor.home)])
        supervisor.start("worker")
        assert family(supervisor)
    finally:
        supervisor.shutdown()
        assert find_marked(supervisor.home) == []


def test_the_process_sees_the_environment_written_down_and_no_other(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODY_ELSES_SECRET", "x")
    supervisor.ensure([part(supervisor.home, GIVEN="yes")])
    supervisor.start("worker")

    environment = psutil.Process(min(family(supervisor))).environ()
    assert environment == {HOME_MARK: str(supervisor.home), PART_MARK: "worker", "GIVEN": "yes"}


def test_a_change_of_what_a_part_is_given_shows_in_its_fingerprint(
    supervisor: Supervisor,
) -> None:
    first, second = part(supervisor.home), part(supervisor.home, PORT="2")
    supervisor.ensure([first])
    supervisor.start("worker")
    family(supervisor)

    assert running_fingerprint(supervisor.home, "worker") == first.launch.fingerprint()
    assert first.launch.fingerprint() != second.launch.fingerprint()


def test_the_output_of_a_part_is_in_its_log(supervisor: Supervisor) -> None:
    command = (sys.executable, "-uc", "print('here I am'); import time; time.sleep(60)")
    talker = Part("talker", Launch(command, part(supervisor.home).launch.environment, {}, "/"))
    supervisor.ensure([talker])
    supervisor.start("talker")

    wait_for(lambda: "here I am" in supervisor.log_tail("talker"), "the output")
