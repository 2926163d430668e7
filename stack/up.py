"""Brings everything up, step by step, and starts only what is missing."""

from __future__ import annotations

import errno
import fcntl
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from stack.airflow import (
    airflow_environment,
    finish_migration,
    is_metadata_current,
    prepare_airflow_files,
    start_migration,
)
from stack.first_run import complete_first_run
from stack.health import find_problems
from stack.launch import running_fingerprint
from stack.parts import (
    POSTGRES,
    Part,
    base_environment,
    define_parts,
    embedded_postgres,
    inherited_environment,
)
from stack.postgres import PostgresStartError
from stack.processes import who_listens
from stack.progress import Progress, Step
from stack.state import State, prepare_state
from stack.supervise import Supervisor
from warehouse.connections import connect, describe
from warehouse.errors import OperatorError
from warehouse.settings import home_directory

SECONDS_TO_GET_HEALTHY = 180
MOST_STARTS = 4  # a part that ends this often right after its start will not get healthy
LEAST_FREE_BYTES = 500_000_000


def bring_up(progress: Progress) -> State:
    """Bring up all parts, wait until each is healthy, and complete the first run.

    Args:
        progress: Shows the steps.

    Returns:
        The state.

    Raises:
        OperatorError: Something is in the way; the message says what, and the remedy.
    """
    try:
        with only_one(home_directory()):
            state = _bring_up(progress)
            complete_first_run(state, progress)
            return state
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OperatorError(_disk_full(home_directory())) from error
        raise


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the state directory against a second ``up`` or ``down`` at the same time."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "up.lock").open("w")
    except OSError as error:
        raise OperatorError(
            f"The state directory {home} cannot be written: {error.strerror}. Free some space or "
            "set FOOTFALL_HOME to another directory."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"Another `up` or `down` is at work in {home}; wait until it has ended."
            ) from None
        yield


def _bring_up(progress: Progress) -> State:
    with progress.step("state") as step:
        state = prepare_state()
        if shutil.disk_usage(state.home).free < LEAST_FREE_BYTES:
            raise OperatorError(_disk_full(state.home))
        step.detail = f"{state.home}{' (new)' if state.is_new else ''}"
    parts = define_parts(state)
    supervisor = Supervisor(state.home)
    with progress.step("supervisor") as step:
        prepare_airflow_files(state)
        if not supervisor.is_running():
            supervisor.sweep()  # what a supervisor that was killed has left behind
        stale = _stop_changed(state, supervisor, parts)
        _check_ports(state, supervisor, parts)
        is_new = supervisor.ensure(parts)
        step.detail = "started" if is_new else "runs"
        if stale:
            step.detail += f"; stopped for changed settings: {', '.join(stale)}"
    if parts[0].name == POSTGRES:
        with progress.step("Postgres") as step:
            step.detail = _start_postgres(state, supervisor)
    with progress.step("warehouse") as step:
        prepare_warehouse(state)
        step.detail = describe(state.settings.require("owner_dsn"))
    migration = None
    if not is_metadata_current(state):
        environment = base_environment(state, "airflow-migrate") | airflow_environment(state)
        migration = start_migration(state, inherited_environment() | environment)
    try:
        _start_all(state, supervisor, parts, progress, migration)
    finally:
        if migration is not None and migration.poll() is None:
            migration.terminate()
            migration.wait()
    return state


def _start_all(
    state: State,
    supervisor: Supervisor,
    parts: Sequence[Part],
    progress: Progress,
    migration: subprocess.Popen[bytes] | None,
) -> None:
    own = [part for part in parts if part.name != POSTGRES and not is_airflow(part)]
    airflow = [part for part in parts if is_airflow(part)]
    for part in own:
        supervisor.start(part.name)
    if migration is None:
        for part in airflow:
            supervisor.start(part.name)
    with progress.step("ingestion and serving") as step:
        _wait_healthy(state, supervisor, own, step)
    if migration is not None:
        with progress.step("Airflow's database") as step:
            step.update("creating its tables, which takes a while the first time")
            finish_migration(state, migration)
        for part in airflow:
            supervisor.start(part.name)
    with progress.step("Airflow") as step:
        _wait_healthy(state, supervisor, airflow, step)


def is_airflow(part: Part) -> bool:
    """Return whether a part is one of Airflow's processes."""
    return part.name.startswith("airflow-")


def prepare_warehouse(state: State) -> None:
    """Create roles, schemas, tables and the write key, or bring them up to date.

    Raises:
        OperatorError: The database cannot be reached, or does not let us.
    """
    from ingestion.keys import DEFAULT_KEY, ensure_key
    from warehouse.migrate import upgrade
    from warehouse.roles import bootstrap

    settings = state.settings
    admin = (
        settings.require("database_url")
        if settings.database_url is not None
        else embedded_postgres(settings).superuser_dsn
    )
    try:
        bootstrap(admin, state.passwords())
        owner = settings.require("owner_dsn")
        upgrade(owner, partitions_ahead_days=settings.partitions_ahead_days)
        with connect(owner, name="footfall up") as connection:
            ensure_key(
                connection, name=DEFAULT_KEY, source="default", key=settings.require("write_key")
            )
    except psycopg.OperationalError as error:
        raise OperatorError(
            f"The database {describe(admin)} cannot be used: {str(error).strip()}"
            + ("\nCheck FOOTFALL_DATABASE_URL." if settings.database_url is not None else "")
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise OperatorError(
            f"The user of FOOTFALL_DATABASE_URL ({describe(admin)}) must be allowed to create "
            f"roles, databases and schemas: {error}"
        ) from error


def _start_postgres(state: State, supervisor: Supervisor) -> str:
    server = embedded_postgres(state.settings)
    try:
        is_new = server.initialise()
    except subprocess.CalledProcessError as error:
        raise OperatorError(f"The database could not be created:\n{error.stderr}") from error
    if supervisor.infos()[POSTGRES].state != "RUNNING":
        supervisor.start(POSTGRES)
    try:
        server.wait_until_ready(timeout=60)
    except PostgresStartError as error:
        raise OperatorError(f"{error}\n{supervisor.log_tail(POSTGRES)}") from error
    return f"127.0.0.1:{state.settings.postgres_port}{' (new)' if is_new else ''}"


def _stop_changed(state: State, supervisor: Supervisor, parts: Sequence[Part]) -> list[str]:
    running = supervisor.running()
    changed = [
        part.name
        for part in parts
        if part.name in running
        and running_fingerprint(state.home, part.name) != part.launch.fingerprint()
    ]
    supervisor.stop([name for name in changed if name != POSTGRES])
    supervisor.stop([name for name in changed if name == POSTGRES])
    return changed


def _check_ports(state: State, supervisor: Supervisor, parts: Sequence[Part]) -> None:
    running = supervisor.running()
    for part in parts:
        if part.port is None or part.name in running:
            continue
        host = "127.0.0.1" if part.name == POSTGRES else state.settings.bind_host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, part.port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    by = who_listens(part.port)
                    problem = f"is in use by {by}" if by else "is in use by another process"
                else:
                    problem = f"cannot be opened on {host}: {error.strerror}"
                raise OperatorError(
                    f"Port {part.port}, which {part.name} needs, {problem}. Stop it, or choose "
                    f"another port: {part.port_variable}=<port> make up"
                ) from None


def _wait_healthy(state: State, supervisor: Supervisor, parts: Sequence[Part], step: Step) -> None:
    deadline = time.monotonic() + SECONDS_TO_GET_HEALTHY
    starts: dict[str, set[int]] = {part.name: set() for part in parts}
    while True:
        for name, info in supervisor.infos().items():
            if name in starts and info.pid:
                starts[name].add(info.pid)
        problems = {k: v for k, v in find_problems(state, parts, supervisor).items() if v}
        if not problems:
            step.detail = "healthy"
            return
        crashing = next((name for name in problems if len(starts[name]) > MOST_STARTS), None)
        if crashing is not None or time.monotonic() > deadline:
            name = crashing or next(iter(problems))
            raise OperatorError(
                f"{name} does not become healthy: {problems[name]}\n"
                f"The end of {supervisor.log(name)}:\n{supervisor.log_tail(name)}"
            )
        step.update("waiting for " + ", ".join(problems))
        time.sleep(0.25)


def _disk_full(home: Path) -> str:
    free = shutil.disk_usage(home).free // 1_000_000
    return (
        f"The disk of {home} has {free} MB left, and Footfall needs "
        f"{LEAST_FREE_BYTES // 1_000_000} MB to start. Free some space or set FOOTFALL_HOME to a "
        "directory on another disk."
    )
