"""What happens only once: a demo day, the first pipeline run, and the documentation of the marts.

Each step is noted when it is done, so that a first start that was cut short goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import httpx

from stack.airflow import AirflowClient
from stack.progress import Progress, Step
from stack.state import State
from warehouse.connections import connect
from warehouse.errors import OperatorError

DAG = "full_refresh"
DEMO_EVENTS = 20_000
_DEMO_UNTIL = "demo until "
SECONDS_FOR_DAG = 120
SECONDS_FOR_RUN = 900


def complete_first_run(state: State, progress: Progress) -> None:
    """Do those of the steps that have not been done yet.

    Args:
        state: The state; everything runs and is healthy.
        progress: Shows the steps.

    Raises:
        OperatorError: The pipeline's run failed; the message says where to look.
    """
    notes = _Notes(state.home / "first-run.json")
    if not notes.has("demo"):
        _land_demo(state, progress, notes)
    if not notes.has("pipeline"):
        with progress.step("first pipeline run") as step:
            step.detail = run_dag(state, step)
        notes.add("pipeline")
    if not notes.has("dbt docs"):
        with progress.step("dbt docs site") as step:
            from pipeline.sites import build_dbt_docs

            build_dbt_docs(state.settings)
            step.detail = f"{state.settings.serving_url}/docs/dbt/"
        notes.add("dbt docs")


def run_dag(state: State, step: Step) -> str:
    """Start a run of the DAG that builds every domain, and follow it to its end.

    Args:
        state: The state.
        step: Shows how far the run is.

    Returns:
        A line on how it ended.

    Raises:
        OperatorError: It failed, or did not end in time.
    """
    address = f"{state.settings.airflow_url}/dags/{DAG}"
    started = time.monotonic()
    try:
        with AirflowClient(state.settings) as airflow:
            while not airflow.has_dag(DAG):
                step.update("waiting for Airflow to read the DAG")
                errors = airflow.import_errors()
                if errors or time.monotonic() - started > SECONDS_FOR_DAG:
                    raise OperatorError(f"Airflow does not show {DAG}: {'; '.join(errors)}")
                time.sleep(0.5)
            run_id = airflow.trigger(DAG, None if _has_runs(state) else {"scope": "everything"})
            while (result := airflow.run_state(DAG, run_id)) not in ("success", "failed"):
                tasks = airflow.task_states(DAG, run_id)
                shown = ", ".join(f"{name} {now or 'waits'}" for name, now in tasks.items())
                step.update(f"{result}: {shown}")
                if time.monotonic() - started > SECONDS_FOR_RUN:
                    raise OperatorError(f"The run {run_id} has not ended yet; follow it: {address}")
                time.sleep(0.5)
    except httpx.HTTPError as error:
        raise OperatorError(f"Airflow's API at {state.settings.airflow_url}: {error}") from error
    if result == "failed":
        raise OperatorError(f"The run {run_id} failed: {_alerts(state)}. Its log: {address}")
    return f"{run_id}: {result}"


def _land_demo(state: State, progress: Progress, notes: _Notes) -> None:
    if not state.settings.demo:
        notes.add("demo")
        return
    # A warehouse that holds somebody's events gets none of ours. A demo that was begun is finished:
    # its event ids are the same each time, so nothing is counted twice.
    begun = notes.find(_DEMO_UNTIL)
    if begun is None:
        with connect(state.settings.require("owner_dsn"), name="footfall up") as connection:
            if connection.execute("select from raw.loads limit 1").fetchone():
                notes.add("demo")
                return
        begun = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        notes.add(_DEMO_UNTIL + begun)
    with progress.step("demo day") as step:
        step.detail = _simulate(state, dt.datetime.fromisoformat(begun), step)
    notes.add("demo")


def _has_runs(state: State) -> bool:
    """Return whether anything was ever built here: then what is new is enough."""
    with connect(state.settings.require("owner_dsn"), name="footfall up") as connection:
        return connection.execute("select from ops.runs limit 1").fetchone() is not None


def _alerts(state: State) -> str:
    with connect(state.settings.require("owner_dsn"), name="footfall up") as connection:
        rows = connection.execute(
            "select summary from ops.alerts where state <> 'resolved' order by alert_id"
        ).fetchall()
    return "; ".join(row[0] for row in rows) or "no alert says why"


class _Notes:
    """Which steps are done, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, step: str) -> bool:
        return step in self._read()

    def add(self, step: str) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps([*self._read(), step]))
        new.replace(self._path)

    def find(self, prefix: str) -> str | None:
        """Return the rest of the note that begins so."""
        return next(
            (note.removeprefix(prefix) for note in self._read() if note.startswith(prefix)), None
        )

    def _read(self) -> list[str]:
        return list(json.loads(self._path.read_text())) if self._path.exists() else []


def _simulate(state: State, until: dt.datetime, step: Step) -> str:
    from ingestion.client import EventSender
    from ingestion.simulator import send_simulated

    with EventSender(state.settings.ingestion_url, state.settings.require("write_key")) as sender:
        verdicts = send_simulated(
            sender,
            seed=1,
            events=DEMO_EVENTS,
            start=until - dt.timedelta(days=1),
            end=until,
            notify=lambda sent, total: step.update(f"{sent:,} of {total:,} events"),
        )
    return ", ".join(f"{count:,} {status}" for status, count in verdicts.items())
