"""Finds, measures and stops the operating-system processes of one state directory.

Each process that we start carries two environment variables, ``FOOTFALL_HOME`` and
``FOOTFALL_PART``; its children inherit them. So what was left behind by a process that was killed
can be found, whatever became of its parent.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HOME_MARK = "FOOTFALL_HOME"
PART_MARK = "FOOTFALL_PART"


@dataclass(frozen=True)
class Marked:
    """A process of a state directory, and the part that it belongs to."""

    process: psutil.Process
    part: str


def find_marked(home: Path, part: str | None = None) -> list[Marked]:
    """Return the live processes of a state directory, without this one and its ancestors.

    Args:
        home: The state directory.
        part: Only those of this part; all where None.
    """
    mine = {os.getpid(), *(p.pid for p in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in mine:
            continue
        try:
            environment = process.environ()
            if environment.get(HOME_MARK) != str(home) or PART_MARK not in environment:
                continue
            if not is_alive(process):
                continue
        except (psutil.Error, OSError):
            continue  # gone, or not ours to read
        if part in (None, environment[PART_MARK]):
            found.append(Marked(process, environment[PART_MARK]))
    return found


def stop_marked(found: Iterable[Marked], *, timeout: float) -> int:
    """Stop processes: asked first, killed when the time is over.

    Only those whose parent is not among them are asked; each ends its own children in order.

    Args:
        found: What to stop.
        timeout: Seconds between asking and killing.

    Returns:
        How many processes there were.
    """
    found = list(found)
    pids = {marked.process.pid for marked in found}
    for marked in found:
        with suppress(psutil.NoSuchProcess):
            if marked.process.ppid() not in pids:
                # Postgres takes SIGTERM for "when all clients have gone"
                how = signal.SIGINT if marked.part == "postgres" else signal.SIGTERM
                marked.process.send_signal(how)
    alive = _wait([marked.process for marked in found], timeout)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(alive, timeout=5)
    return len(found)


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(processes: list[psutil.Process], timeout: float) -> list[psutil.Process]:
    deadline = time.monotonic() + timeout
    while (alive := [p for p in processes if is_alive(p)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def process_tree(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants; empty where it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def proportional_bytes(processes: Iterable[psutil.Process]) -> int:
    """Return the resident memory of processes in bytes, shared pages counted by their share."""
    return sum(_proportional_bytes(process.pid) for process in processes)


def _proportional_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def who_listens(port: int) -> str | None:
    """Return who listens on a TCP port of this machine, as ``name (pid n)``, if it can be told."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    for connection in connections:
        local = connection.laddr
        if connection.status == psutil.CONN_LISTEN and local and local.port == port:
            if connection.pid is None:
                return None
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.Error:
                return f"pid {connection.pid}"
    return None
