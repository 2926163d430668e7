"""Whether each part does its work, asked of the part itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import httpx
import psycopg

from stack.launch import read_launches, running_fingerprint
from stack.parts import (
    AIRFLOW_API,
    AIRFLOW_DAG_PROCESSOR,
    AIRFLOW_SCHEDULER,
    AIRFLOW_TRIGGERER,
    INGESTION,
    POSTGRES,
    SERVING,
    Part,
)
from stack.processes import find_marked, process_tree, proportional_bytes
from stack.state import State
from stack.supervise import ProcessInfo, Supervisor
from warehouse.connections import connect, describe
from warehouse.settings import Settings

DATABASE = "database"  # a Postgres of the user's, which we do not run
_SECONDS = 10.0
_HEARTBEATS = {
    AIRFLOW_SCHEDULER: ("scheduler", "latest_scheduler_heartbeat"),
    AIRFLOW_DAG_PROCESSOR: ("dag_processor", "latest_dag_processor_heartbeat"),
    AIRFLOW_TRIGGERER: ("triggerer", "latest_triggerer_heartbeat"),
}


@dataclass(frozen=True)
class PartStatus:
    """The state of one part.

    Attributes:
        name: The part.
        healthy: Whether it does its work.
        reason: Why it is not healthy; empty where it is.
        pid: Process id; None: it does not run, or is not ours.
        since: When it was started, UTC.
        memory_bytes: Resident memory of the process and its children, shared pages by share.
        address: Where it is reached; None: it listens nowhere.
    """

    name: str
    healthy: bool
    reason: str
    pid: int | None = None
    since: dt.datetime | None = None
    memory_bytes: int | None = None
    address: str | None = None


def examine(state: State, parts: Sequence[Part], supervisor: Supervisor) -> list[PartStatus]:
    """Return the state of every part, each asked once.

    Args:
        state: The state.
        parts: The parts that should run.
        supervisor: Their supervisor.
    """
    infos = supervisor.infos()
    statuses = []
    if state.settings.database_url is not None:
        problem = database_problem(state.settings)
        address = describe(state.settings.require("owner_dsn")).partition(" as ")[0]
        statuses.append(PartStatus(DATABASE, not problem, problem, address=address))
    problems = find_problems(state, parts, supervisor)
    for part in parts:
        status = PartStatus(
            part.name,
            healthy=not problems[part.name],
            reason=problems[part.name],
            address=_address(state.settings, part),
        )
        info = infos.get(part.name)
        if info is not None and info.pid > 0:
            status = replace(
                status,
                pid=info.pid,
                since=dt.datetime.fromtimestamp(info.started_at, dt.UTC),
                memory_bytes=proportional_bytes(process_tree(info.pid)),
            )
        statuses.append(status)
    return statuses


def find_problems(state: State, parts: Sequence[Part], supervisor: Supervisor) -> dict[str, str]:
    """Return, for every part, why it is not healthy; empty text where it is."""
    infos = supervisor.infos()
    launches = read_launches(state.home) if infos else {}

    def problem(part: Part) -> str:
        info, launch = infos.get(part.name), launches.get(part.name)
        if info is None or launch is None:
            runs = find_marked(state.home, part.name)
            if not runs:
                return "not running"
            return f"runs (pid {runs[0].process.pid}), but unsupervised: `make up` takes over"
        if info.pid == 0:
            return f"not running: {info.message or info.state.lower()}"
        if running_fingerprint(state.home, part.name) != launch.fingerprint():
            return "runs with older settings: `make up` starts it anew"
        return _problem(state.settings, part, info)

    # all at once: one that does not answer must not hold up the others
    with ThreadPoolExecutor(max_workers=max(1, len(parts))) as pool:
        return dict(zip((part.name for part in parts), pool.map(problem, parts), strict=True))


def database_problem(settings: Settings) -> str:
    """Return why the warehouse cannot be reached as its owner; empty where it can."""
    try:
        with connect(settings.require("owner_dsn"), name="footfall status") as connection:
            connection.execute("select 1")
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0]
    return ""


def _problem(settings: Settings, part: Part, info: ProcessInfo) -> str:
    if part.name == POSTGRES:
        return database_problem(settings)
    if part.name == INGESTION:
        return _http_problem(f"{settings.ingestion_url}/health/ready")
    if part.name == SERVING:
        return _http_problem(f"{settings.serving_url}/health/ready")
    return _airflow_problem(settings, part.name, info)


def _airflow_problem(settings: Settings, name: str, info: ProcessInfo) -> str:
    health = _airflow_health(settings)
    if not health:
        return "the Airflow API server does not answer"
    if health["metadatabase"]["status"] != "healthy":
        return "Airflow cannot reach its database"
    if name == AIRFLOW_API:
        return ""
    section, field = _HEARTBEATS[name]
    component = health.get(section) or {}
    beat = component.get(field)
    # a heartbeat of the process before this one proves nothing
    if beat is None or dt.datetime.fromisoformat(beat).timestamp() < info.started_at:
        return "starting: no heartbeat yet"
    return "" if component["status"] == "healthy" else f"no heartbeat since {beat}"


def _http_problem(url: str) -> str:
    try:
        answer = httpx.get(url, timeout=_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        return f"does not answer: {error}"
    if answer.status_code == httpx.codes.OK:
        return ""
    return f"answers {answer.status_code}: {answer.text[:200]}"


def _airflow_health(settings: Settings) -> Mapping[str, Any]:
    try:
        answer = httpx.get(
            f"{settings.airflow_url}/api/v2/monitor/health", timeout=_SECONDS, trust_env=False
        )
        return dict(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError):
        return {}


def _address(settings: Settings, part: Part) -> str | None:
    if part.name == POSTGRES:
        return f"127.0.0.1:{settings.postgres_port}"
    return {
        INGESTION: settings.ingestion_url,
        SERVING: settings.serving_url,
        AIRFLOW_API: settings.airflow_url,
    }.get(part.name)
