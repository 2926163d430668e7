"""The parts that run on one machine: what starts each, with which environment, on which port."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from stack.airflow import airflow_environment
from stack.launch import Launch
from stack.postgres import EmbeddedPostgres
from stack.processes import HOME_MARK, PART_MARK
from stack.state import DSN_VARIABLES, PORT_VARIABLES, URL_VARIABLES, State
from warehouse.live_settings import LIVE_SETTINGS
from warehouse.settings import ENV_PREFIX, PROJECT_ROOT, Settings

POSTGRES = "postgres"
INGESTION = "ingestion"
SERVING = "serving"
AIRFLOW_API = "airflow-api-server"
AIRFLOW_SCHEDULER = "airflow-scheduler"
AIRFLOW_DAG_PROCESSOR = "airflow-dag-processor"
AIRFLOW_TRIGGERER = "airflow-triggerer"

_LIVE = {f"{ENV_PREFIX}{name.upper()}" for name in LIVE_SETTINGS}
# These go to a part only where it needs them: secrets, and what would make a part start anew that a
# change does not concern.
_NOT_FOR_ALL = {
    *_LIVE,
    *DSN_VARIABLES,
    *PORT_VARIABLES,
    *URL_VARIABLES,
    "FOOTFALL_DEMO",
    "FOOTFALL_DATABASE_URL",
    "FOOTFALL_WRITE_KEY",
    "FOOTFALL_READ_TOKEN",
    "FOOTFALL_ADMIN_TOKEN",
    "FOOTFALL_AIRFLOW_PASSWORD",
    "FOOTFALL_PRIVACY_SECRET",
}
_NEEDS = {
    INGESTION: (
        *_LIVE,
        "FOOTFALL_INGESTION_URL",
        "FOOTFALL_INGESTION_PORT",
        "FOOTFALL_INGEST_DSN",
        "FOOTFALL_ADMIN_TOKEN",
        "FOOTFALL_PRIVACY_SECRET",
    ),
    SERVING: (
        *URL_VARIABLES,  # its front page leads to the other parts
        "FOOTFALL_SERVING_PORT",
        "FOOTFALL_SERVING_DSN",
        "FOOTFALL_READ_TOKEN",
        "FOOTFALL_ADMIN_TOKEN",
    ),
    AIRFLOW_SCHEDULER: ("FOOTFALL_TRANSFORM_DSN",),  # tasks run as its children
    AIRFLOW_DAG_PROCESSOR: ("FOOTFALL_TRANSFORM_DSN",),  # alerts of tasks that were killed
}
_INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


@dataclass(frozen=True)
class Part:
    """A process that the supervisor keeps running.

    Attributes:
        name: How commands and log files call it.
        launch: How it is started.
        port: TCP port that it listens on; None: it listens nowhere.
        port_variable: Environment variable that changes the port.
        stop_signal: Signal that makes it stop in good order.
        stop_seconds: How long it may take to stop before it is killed.
    """

    name: str
    launch: Launch
    port: int | None = None
    port_variable: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20


def define_parts(state: State) -> tuple[Part, ...]:
    """Return the parts in the order in which they start; they stop in the opposite one."""
    settings = state.settings
    python = (sys.executable, "-m")
    airflow = airflow_environment(state)
    parts = [
        Part(
            INGESTION,
            _launch(state, INGESTION, (*python, "ingestion")),
            settings.ingestion_port,
            "FOOTFALL_INGESTION_PORT",
        ),
        Part(
            SERVING,
            _launch(state, SERVING, (*python, "serving")),
            settings.serving_port,
            "FOOTFALL_SERVING_PORT",
        ),
    ]
    for name, arguments in {
        AIRFLOW_API: ("api-server",),
        AIRFLOW_SCHEDULER: ("scheduler", "--skip-serve-logs"),
        AIRFLOW_DAG_PROCESSOR: ("dag-processor",),
        AIRFLOW_TRIGGERER: ("triggerer", "--skip-serve-logs"),
    }.items():
        is_api = name == AIRFLOW_API
        parts.append(
            Part(
                name,
                _launch(state, name, (*python, "airflow", *arguments), airflow),
                settings.airflow_port if is_api else None,
                "FOOTFALL_AIRFLOW_PORT" if is_api else None,
            )
        )
    if settings.database_url is None:
        server = embedded_postgres(settings)
        postgres = Part(
            POSTGRES,
            Launch(
                command=tuple(server.command()),
                environment={
                    **base_environment(state, POSTGRES),
                    "PGPORT": str(server.port),  # another port must change the fingerprint
                },
                inherited=inherited_environment(),
                directory="/",
                os_user=server.os_user(),
            ),
            settings.postgres_port,
            "FOOTFALL_POSTGRES_PORT",
            stop_signal="INT",
            stop_seconds=60,
        )
        parts.insert(0, postgres)
    return tuple(parts)


def embedded_postgres(settings: Settings) -> EmbeddedPostgres:
    """Return the embedded server of a state directory."""
    return EmbeddedPostgres(settings.home / "postgres", settings.postgres_port)


def inherited_environment() -> dict[str, str]:
    """Return what processes take over from the caller: search path, locale, proxies."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def base_environment(state: State, part: str) -> dict[str, str]:
    """Return what configures every process, first of all the marks by which it is found."""
    return {
        HOME_MARK: str(state.home),
        PART_MARK: part,
        "SPT_NOENV": "1",  # process titles must not overwrite the mark
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "GX_ANALYTICS_ENABLED": "false",
    }


def _launch(
    state: State, name: str, command: tuple[str, ...], extra: Mapping[str, str] | None = None
) -> Launch:
    return Launch(
        command=command,
        environment=_environment(state, name) | dict(extra or {}),
        inherited=inherited_environment(),
        directory=str(PROJECT_ROOT),
    )


def _environment(state: State, name: str) -> dict[str, str]:
    environment = base_environment(state, name)
    known = {f"{ENV_PREFIX}{field.upper()}" for field in Settings.model_fields}
    # ingestion reads the live ones from the file by itself, and a variable would beat the file
    fixed = {variable: value for variable, value in state.values.items() if variable not in _LIVE}
    for variable, value in {**fixed, **os.environ}.items():
        is_wanted = variable not in _NOT_FOR_ALL or variable in _NEEDS.get(name, ())
        if variable in known and variable != HOME_MARK and is_wanted:
            environment[variable] = value
    return environment
