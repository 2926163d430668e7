"""Keeps the parts running, by supervisord.

supervisord is told by generated configuration and asked over a Unix socket. It starts nothing by
itself: ``make up`` starts the parts in order, and from then on whatever ends is started again.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol, cast
from xmlrpc.client import Fault, ServerProxy

from stack.launch import write_launches
from stack.parts import POSTGRES, Part, inherited_environment
from stack.processes import HOME_MARK, PART_MARK, find_marked, is_alive, stop_marked
from warehouse.errors import OperatorError

SUPERVISOR = "supervisor"
LONGEST_SOCKET_PATH = 96  # 107 bytes at most; supervisord appends its process id for a moment
STARTING = ("STARTING", "RUNNING")
DOWN = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")


class _Api(Protocol):
    """The calls of supervisord's API that are used here."""

    def getAllProcessInfo(self) -> list[dict[str, Any]]: ...  # noqa: N802
    def startProcess(self, name: str, wait: bool) -> bool: ...  # noqa: N802
    def stopProcess(self, name: str, wait: bool) -> bool: ...  # noqa: N802
    def getPID(self) -> int: ...  # noqa: N802
    def shutdown(self) -> bool: ...


@dataclass(frozen=True)
class ProcessInfo:
    """What the supervisor knows of a part.

    Attributes:
        state: supervisord's word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL …
        pid: Process id; 0 where it does not run.
        started_at: When it was last started, in seconds since 1970.
        message: supervisord's explanation, such as ``Exited too quickly``.
    """

    state: str
    pid: int
    started_at: float
    message: str


class Supervisor:
    """The supervisor of one state directory.

    Args:
        home: The state directory.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.directory = home / "supervisor"
        self.logs = home / "logs"

    def is_running(self) -> bool:
        """Return whether supervisord answers."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """Return the process id of supervisord; None where it does not answer."""
        try:
            with self._api() as api:
                return int(api.getPID())
        except (OSError, HTTPException):
            return None

    def ensure(self, parts: Sequence[Part]) -> bool:
        """Make supervisord run and know these parts; start none of them.

        A supervisord that has gone is replaced, and what it left running is stopped first.

        Args:
            parts: In the order in which they are started.

        Returns:
            Whether supervisord was started now.

        Raises:
            OperatorError: It does not start.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_launches(self.home, {part.name: part.launch for part in parts})
        configuration = self._configuration(parts)
        path = self.directory / "supervisord.conf"
        if self.is_running():
            if path.read_text() == configuration:
                return False
            self.shutdown()
        self.sweep()
        self._place_socket()
        self._write_launcher()
        path.write_text(self._configuration(parts))
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", path.relative_to(self.home)],
            env={
                **inherited_environment(),
                HOME_MARK: str(self.home),
                PART_MARK: SUPERVISOR,
            },
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + 20
        while not self.is_running():
            if done.returncode != 0 or time.monotonic() > deadline:
                raise OperatorError(
                    f"The supervisor did not start: {done.stderr.strip() or done.stdout.strip()}\n"
                    f"{self.log_tail(SUPERVISOR)}"
                )
            time.sleep(0.05)
        return True

    def infos(self) -> dict[str, ProcessInfo]:
        """Return what the supervisor knows, by part; empty where it does not run."""
        try:
            with self._api() as api:
                infos = api.getAllProcessInfo()
        except (OSError, HTTPException):
            return {}
        return {
            info["name"]: ProcessInfo(
                info["statename"], info["pid"], float(info["start"]), info["spawnerr"]
            )
            for info in infos
        }

    def running(self) -> set[str]:
        """Return the parts that run, or that the supervisor is trying to start."""
        return {name for name, info in self.infos().items() if info.state not in DOWN}

    def start(self, name: str) -> None:
        """Start a part, or start it at once where it waits to be tried again."""
        info = self.infos()[name]
        if info.state in STARTING:
            return
        if info.state not in DOWN:
            self.stop([name])
        with self._api() as api:
            api.startProcess(name, False)

    def stop(self, names: Sequence[str], *, timeout: float = 90) -> None:
        """Stop parts, all at once, and wait until they have ended.

        Args:
            names: Which.
            timeout: Seconds to wait; the supervisor kills what takes longer than its own limit.
        """
        if not names:
            return
        with self._api() as api:
            for name in names:
                with suppress(Fault):  # it is not running
                    api.stopProcess(name, False)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            infos = self.infos()
            if all(infos[name].state in DOWN for name in names if name in infos):
                break
            time.sleep(0.05)
        for name in names:
            stop_marked(find_marked(self.home, name), timeout=1)  # its orphans

    def shutdown(self) -> int:
        """Stop every part, Postgres last, and supervisord itself; leave nothing running.

        Returns:
            How many parts were running.
        """
        infos = self.infos()
        names = list(infos)
        running = [info for info in infos.values() if info.pid > 0]
        self.stop([name for name in names if name != POSTGRES])
        self.stop([name for name in names if name == POSTGRES])
        pid = self.pid()
        if pid is not None:
            with self._api() as api:
                api.shutdown()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and any(
                marked.process.pid == pid for marked in find_marked(self.home, SUPERVISOR)
            ):
                time.sleep(0.05)
        return len(running) + self.sweep()

    def sweep(self) -> int:
        """Stop what was left behind by processes that were killed.

        Returns:
            How many processes were stopped.
        """
        found = find_marked(self.home)
        others = [marked for marked in found if marked.part != POSTGRES]
        # the supervisor first, or else it would start again what is stopped here
        supervisors = [marked for marked in others if marked.part == SUPERVISOR]
        stop_marked(supervisors, timeout=20)
        stop_marked((m for m in others if is_alive(m.process)), timeout=5)
        postgres = find_marked(self.home, POSTGRES)
        stop_marked(postgres, timeout=60)
        return len(found)

    def log(self, name: str) -> Path:
        """Return the log file of a part."""
        return self.logs / f"{name}.log"

    def log_tail(self, name: str, lines: int = 15) -> str:
        """Return the last lines of a part's log."""
        path = self.log(name)
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 20_000))
            text = file.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    @contextmanager
    def _api(self) -> Iterator[_Api]:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self._socket()}")
        try:
            yield cast("_Api", ServerProxy("http://localhost", transport=transport).supervisor)
        finally:
            transport.close()

    def _socket(self) -> Path:
        try:
            return Path((self.directory / "socket").read_text())
        except FileNotFoundError:
            return self.directory / "supervisor.sock"

    def _place_socket(self) -> None:
        note = self.directory / "socket"
        note.unlink(missing_ok=True)
        if len(os.fsencode(self._socket())) > LONGEST_SOCKET_PATH:
            note.write_text(str(Path(tempfile.mkdtemp(prefix="footfall-")) / "supervisor.sock"))

    def _write_launcher(self) -> None:
        path = self.directory / "launch"
        command = shlex.join([sys.executable, "-m", "stack.launch", str(self.home)])
        path.write_text(f'#!/bin/sh\nexec {command} "$1"\n')
        path.chmod(0o700)

    def _configuration(self, parts: Sequence[Part]) -> str:
        # Paths are relative to the state directory, for in supervisord's files a percent sign, a
        # semicolon or a space in them would mean something.
        logs = self.logs.relative_to(self.home)
        sections: list[dict[str, Any]] = [
            {
                "": "unix_http_server",
                "file": os.path.relpath(self._socket(), self.home),
                "chmod": "0700",
            },
            {
                "": "supervisord",
                "logfile": self.log(SUPERVISOR).relative_to(self.home),
                "logfile_maxbytes": "5MB",
                "logfile_backups": 2,
                "pidfile": "supervisor/supervisord.pid",
                "childlogdir": logs,
                "silent": "true",
            },
            {
                "": "rpcinterface:supervisor",
                "supervisor.rpcinterface_factory": (
                    "supervisor.rpcinterface:make_main_rpcinterface"
                ),
            },
        ]
        for priority, part in enumerate(parts):
            sections.append(
                {
                    "": f"program:{part.name}",
                    "command": f"./supervisor/launch {part.name}",
                    "priority": priority,
                    "autostart": "false",
                    "autorestart": "true",
                    "startsecs": 1,
                    "startretries": 1_000_000,
                    "stopsignal": part.stop_signal,
                    "stopwaitsecs": part.stop_seconds,
                    "killasgroup": "true",
                    "stdout_logfile": self.log(part.name).relative_to(self.home),
                    "stdout_logfile_maxbytes": "10MB",
                    "stdout_logfile_backups": 3,
                    "redirect_stderr": "true",
                }
            )
        return "\n".join(
            "\n".join([f"[{section['']}]", *(f"{k} = {v}" for k, v in section.items() if k)]) + "\n"
            for section in sections
        )
