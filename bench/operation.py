"""What one-machine operation costs: ``python -m bench.operation``.

Makes a fresh clone of the last commit in a temporary directory, on free ports, and measures there
what a stranger would see: ``make up`` from nothing (packages may come from the installer's cache),
again after ``make down``, and again while everything runs; then memory and processor time while
nobody uses it, the processor time of a scheduled run that finds nothing new, and from these what an
hour of all schedules costs where nothing lands.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from stack.airflow import AirflowClient
from stack.dags_reference import read_dags
from stack.processes import process_tree, proportional_bytes
from stack.supervise import Supervisor
from warehouse.settings import PROJECT_ROOT, Settings

IDLE_SECONDS = 60
DAG = "update_daily_analytics"
# those by the hour that do more than ask for news
OTHER_DAGS = ("check_alerts", "update_system_metrics", "data_quality")


def main() -> None:
    """Measure and print."""
    directory = Path(tempfile.mkdtemp(prefix="footfall-bench-"))
    clone = directory / "footfall"
    subprocess.run(["git", "clone", "--quiet", PROJECT_ROOT, clone], check=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOOTFALL_")}
    environment |= {
        f"FOOTFALL_{part}_PORT": str(_free_port())
        for part in ("POSTGRES", "INGESTION", "SERVING", "AIRFLOW")
    }
    try:
        print("one-machine operation                           measured   limit")
        _print("make up, from a fresh clone", _make("up", clone, environment), "s", 240)
        _print("make down", _make("down", clone, environment), "s", None)
        _print("make up, after make down", _make("up", clone, environment), "s", 60)
        _print("make up, everything running", _make("up", clone, environment), "s", 60)
        home = clone / ".footfall"
        pid = Supervisor(home).pid()
        assert pid is not None
        time.sleep(10)  # what starting has left to do
        memory = proportional_bytes(process_tree(pid)) / 1e9
        _print("resident memory, shared pages by share", memory, "GB", 3)
        share = _idle_share(pid)
        _print(f"one core, idle for {IDLE_SECONDS} s", 100 * share, "%", 20)
        build = _cpu_of_run(home, pid, share, DAG)
        _print("processor time of a run with nothing new", build, "s", 5)
        others = {dag_id: _cpu_of_run(home, pid, share, dag_id) for dag_id in OTHER_DAGS}
        hour = 3600 * share + sum(
            _runs_an_hour(dag.schedule) * others.get(dag.dag_id, build) for dag in read_dags()
        )
        _print("two cores, a quiet hour of all schedules", 100 * hour / 7200, "%", 5)
    finally:
        _make("down", clone, environment)
        shutil.rmtree(directory)


def _make(target: str, clone: Path, environment: dict[str, str]) -> float:
    started = time.monotonic()
    done = subprocess.run(
        ["make", target], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"make {target} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - started


def _print(what: str, value: float, unit: str, limit: float | None) -> None:
    reach = "" if limit is None else f"{limit:>5g} {unit}"
    print(f"  {what:<44} {value:7.1f} {unit:<2} {reach}".rstrip(), flush=True)


def _idle_share(pid: int) -> float:
    before, started = _cpu_seconds(pid), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (_cpu_seconds(pid) - before) / (time.monotonic() - started)


def _runs_an_hour(schedule: str | None) -> float:
    """Return how often a schedule of ours comes; those of once a day do not count.

    >>> [_runs_an_hour(one) for one in ("*/15 * * * *", "0 * * * *", "0 2 * * *", None)]
    [4.0, 1.0, 0.0, 0.0]
    """
    minute, hour = (schedule or "0 0").split()[:2]
    if hour != "*":
        return 0.0
    return 60 / int(minute.removeprefix("*/")) if minute.startswith("*/") else 1.0


def _cpu_of_run(home: Path, pid: int, idle_share: float, dag_id: str) -> float:
    """Return the CPU seconds of a DAG run beyond what the same time costs idle."""
    with AirflowClient(Settings(_env_file=home / "footfall.env")) as airflow:
        airflow.run_state(dag_id, airflow.trigger(dag_id))  # log-in and first call are not counted
        time.sleep(30)
        before, started = _cpu_seconds(pid), time.monotonic()
        run_id = airflow.trigger(dag_id)
        while airflow.run_state(dag_id, run_id) not in ("success", "failed"):
            time.sleep(0.5)
        assert airflow.task_states(dag_id, run_id).get("build") in ("skipped", None)
        time.sleep(5)  # the processes that it started end
        seconds = time.monotonic() - started
        return _cpu_seconds(pid) - before - idle_share * seconds


def _cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, its descendants, and those that have ended."""
    total = 0.0
    for process in process_tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
