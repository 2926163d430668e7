"""The state directory and ``footfall.env``: addresses, log-ins and generated secrets.

The file is written once and kept. A later start changes only what was asked for: another port, or
another database server, alters the addresses and leaves every secret as it is.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from stack.postgres import DATABASE
from warehouse.connections import with_credentials
from warehouse.errors import OperatorError
from warehouse.hosts import is_loopback
from warehouse.roles import AIRFLOW_DATABASE, Role
from warehouse.settings import ENV_FILE, Settings, home_directory, load_settings

PORT_VARIABLES = {
    "FOOTFALL_POSTGRES_PORT": 5433,
    "FOOTFALL_INGESTION_PORT": 8000,
    "FOOTFALL_SERVING_PORT": 8001,
    "FOOTFALL_AIRFLOW_PORT": 8080,
}
URL_VARIABLES = ("FOOTFALL_INGESTION_URL", "FOOTFALL_SERVING_URL", "FOOTFALL_AIRFLOW_URL")
DSN_VARIABLES = {
    "FOOTFALL_OWNER_DSN": Role.OWNER,
    "FOOTFALL_INGEST_DSN": Role.INGEST,
    "FOOTFALL_TRANSFORM_DSN": Role.TRANSFORM,
    "FOOTFALL_SERVING_DSN": Role.SERVING,
    "FOOTFALL_READ_DSN": Role.READER,
    "FOOTFALL_AIRFLOW_DSN": Role.AIRFLOW,
}
_SECRETS = {  # with the prefixes by which people and secret scanners know them
    "FOOTFALL_AIRFLOW_PASSWORD": "",
    "FOOTFALL_WRITE_KEY": "fw_",
    "FOOTFALL_READ_TOKEN": "",
    "FOOTFALL_ADMIN_TOKEN": "",
    "FOOTFALL_PRIVACY_SECRET": "",
    "AIRFLOW__API__SECRET_KEY": "",
    "AIRFLOW__API_AUTH__JWT_SECRET": "",
}
_TEXT = """\
# Written by `make up`; kept by every later one. Keep it to yourself: it holds passwords.
# Settings of your own (docs/reference/settings.md) may be added at the end.
# FOOTFALL_ANONYMOUS_SOURCE lets any program on this machine send to the endpoints of older systems
# without a key. Take it out before FOOTFALL_BIND_HOST opens ingestion to a network.
"""


@dataclass(frozen=True)
class State:
    """What ``footfall.env`` says.

    Attributes:
        home: The state directory.
        values: Every ``NAME=value`` in the file.
        settings: The settings that follow from the file and the environment.
        is_new: Whether the file was written for the first time now.
    """

    home: Path
    values: Mapping[str, str]
    settings: Settings
    is_new: bool

    def passwords(self) -> dict[Role, str]:
        """Return the password of every database role."""
        return {
            role: _password(self.values.get(name)) or _secret()
            for name, role in DSN_VARIABLES.items()
        }


def prepare_state(environment: Mapping[str, str] | None = None) -> State:
    """Create the state directory and its file, or bring their addresses up to date.

    Args:
        environment: Where ports and ``FOOTFALL_DATABASE_URL`` are looked up; this process's
            environment where None.

    Raises:
        OperatorError: The directory cannot be written, or a port is no number.
    """
    environment = os.environ if environment is None else environment
    home = home_directory()
    try:
        home.mkdir(parents=True, exist_ok=True)
        old = read_env_file(home)
        values = _values(old, environment)
        write_env_file(home, values)
    except OSError as error:
        raise OperatorError(
            f"The state directory {home} cannot be written: {error.strerror}. Free some space or "
            "set FOOTFALL_HOME to another directory."
        ) from error
    load_settings.cache_clear()
    return State(home, values, load_settings(), is_new=not old)


def open_state() -> State | None:
    """Return the state that an earlier ``make up`` has left; None where there is none."""
    home = home_directory()
    values = read_env_file(home)
    return State(home, values, load_settings(), is_new=False) if values else None


def read_env_file(home: Path) -> dict[str, str]:
    """Return every ``NAME=value`` of the state directory's file; empty where it is missing."""
    path = home / ENV_FILE
    if not path.exists():
        return {}
    return {k: v for k, v in dotenv_values(path, interpolate=False).items() if v is not None}


def write_env_file(home: Path, values: Mapping[str, str]) -> None:
    """Replace the state directory's file as one; it is for its owner alone.

    Raises:
        OSError: It cannot be written.
    """
    path = home / ENV_FILE
    text = _TEXT + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())
    if path.exists() and path.read_text() == text:
        path.chmod(0o600)
        return
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _values(old: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    ports = {name: _port(name, old, environment) for name in PORT_VARIABLES}
    for name, port in ports.items():
        others = [other for other in ports if other != name and ports[other] == port]
        if others:
            raise OperatorError(f"{name} and {others[0]} are both {port}; choose another for one.")
    database_url = environment.get("FOOTFALL_DATABASE_URL") or old.get("FOOTFALL_DATABASE_URL")
    server = database_url or (
        f"postgresql://user@127.0.0.1:{ports['FOOTFALL_POSTGRES_PORT']}/{DATABASE}"
    )
    bind_host = environment.get("FOOTFALL_BIND_HOST") or old.get("FOOTFALL_BIND_HOST")
    host = client_host(bind_host)
    values = {
        "FOOTFALL_INGESTION_URL": f"http://{host}:{ports['FOOTFALL_INGESTION_PORT']}",
        "FOOTFALL_SERVING_URL": f"http://{host}:{ports['FOOTFALL_SERVING_PORT']}",
        "FOOTFALL_AIRFLOW_URL": f"http://{host}:{ports['FOOTFALL_AIRFLOW_PORT']}",
        "FOOTFALL_AIRFLOW_USER": old.get("FOOTFALL_AIRFLOW_USER") or "admin",
    }
    for name, prefix in _SECRETS.items():
        values[name] = old.get(name) or prefix + _secret()
    for name, role in DSN_VARIABLES.items():
        values[name] = with_credentials(
            server,
            user=role,
            password=_password(old.get(name)) or _secret(),
            database=AIRFLOW_DATABASE if role is Role.AIRFLOW else None,
        )
    values |= {name: str(port) for name, port in ports.items()}
    if database_url:
        values["FOOTFALL_DATABASE_URL"] = database_url
    name = "AIRFLOW__CORE__FERNET_KEY"
    values[name] = old.get(name) or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    if not old and is_loopback(bind_host or host):  # from then on it is the operator's
        values["FOOTFALL_ANONYMOUS_SOURCE"] = "web"
    return values | {name: value for name, value in old.items() if name not in values}


def client_host(bind_host: str | None) -> str:
    """Return the host by which clients on this machine reach what listens on ``bind_host``."""
    if not bind_host or bind_host in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1"
    return f"[{bind_host}]" if ":" in bind_host else bind_host


def _port(name: str, old: Mapping[str, str], environment: Mapping[str, str]) -> int:
    text = environment.get(name) or old.get(name) or str(PORT_VARIABLES[name])
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OperatorError(f"{name} must be a port from 1 to 65535, not {text!r}.")
    return int(text)


def _password(dsn: str | None) -> str | None:
    from sqlalchemy.engine import make_url

    password = make_url(dsn).password if dsn else None
    return str(password) if password else None


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _quoted(value: str) -> str:
    """Return a value as the file spells it: bare, or in single quotes where it needs them."""
    if value and not set(value) & set(" \t#'\"\\\n"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
