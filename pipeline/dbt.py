"""Runs dbt inside this process: start-up and parsing are paid once, not for every command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict

from warehouse.errors import OperatorError
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

PROJECT_DIRECTORY = PROJECT_ROOT / "dbt_project"


class DbtError(OperatorError):
    """A dbt command failed; the message names each node and what was wrong with it."""


@dataclass(frozen=True)
class Mart:
    """A published table, as the dbt project describes it.

    Attributes:
        name: Table in ``marts`` and in ``marts_candidate``.
        columns: Its columns, in order.
    """

    name: str
    columns: tuple[str, ...]


@cache
def dbt_project(settings: Settings) -> DbtProject:
    """Return the dbt project for these settings; parsed once in a process."""
    return DbtProject(settings)


class DbtProject:
    """The dbt project, parsed once for any number of commands.

    Args:
        settings: Where the database is, and the reporting settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manifest: Manifest | None = None

    def build(
        self, domain: str, *, variables: Mapping[str, object], full_refresh: bool = False
    ) -> None:
        """Build the models of a domain and run their data tests.

        Args:
            domain: A tag: ``core``, or a domain of marts.
            variables: Values of dbt variables, on top of the reporting settings.
            full_refresh: Build everything from raw, not only what was touched.

        Raises:
            DbtError: A model or a test failed.
        """
        arguments = [
            "build",
            *("--select", f"tag:{domain}", "--exclude", "tag:reconciliation"),
            *("--exclude-resource-type", "unit_test"),
            "--no-write-json",  # nobody reads the artefacts of a scheduled run
        ]
        if full_refresh:
            arguments.append("--full-refresh")
        self.invoke(arguments, variables=variables)

    def marts(self, domain: str) -> list[Mart]:
        """Return the marts of a domain, by name."""
        nodes = self._parsed().nodes.values()
        return sorted(
            (
                Mart(node.name, tuple(node.columns))
                for node in nodes
                if node.config.get("materialized") == "mart" and domain in node.tags
            ),
            key=lambda mart: mart.name,
        )

    def semantic_manifest(self) -> str:
        """Return what the project says of semantic models and metrics, as dbt's JSON."""
        self._parsed()
        return (self._settings.home / "dbt" / "semantic_manifest.json").read_text()

    def invoke(
        self, arguments: Sequence[str], *, variables: Mapping[str, object] | None = None
    ) -> Any:
        """Run a dbt command.

        Args:
            arguments: As on dbt's command line.
            variables: Values of dbt variables, on top of the reporting settings.

        Returns:
            dbt's own result of the command.

        Raises:
            DbtError: The command failed.
        """
        with _environment(self._settings):
            runner = _runner(self._parsed())
            outcome = runner.invoke(self._complete(arguments, variables or {}))
        if not outcome.success:
            raise DbtError(_explain(arguments, outcome))
        return outcome.result

    def _parsed(self) -> Manifest:
        # Parsed with constant variables: others would spoil dbt's cache of the parsed project.
        if self._manifest is None:
            with _environment(self._settings):
                outcome = _runner().invoke(self._complete(["parse"], {}))
            if not outcome.success:
                raise DbtError(_explain(["parse"], outcome))
            self._manifest = outcome.result  # type: ignore[assignment]
        assert self._manifest is not None
        return self._manifest

    def _complete(self, arguments: Sequence[str], variables: Mapping[str, object]) -> list[str]:
        home = self._settings.home
        values = {
            "reporting_timezone": self._settings.reporting_timezone,
            "session_timeout_minutes": self._settings.session_timeout_minutes,
            "stitch_backwards": self._settings.stitch_backwards,
            "attribution_lookback_days": self._settings.attribution_lookback_days,
            "experiment_confidence": self._settings.experiment_confidence,
            **variables,
        }
        return [
            *("--log-level", "error", "--log-path", str(home / "logs" / "dbt")),
            *("--no-use-colors", "--no-version-check"),
            *arguments,
            *("--project-dir", str(PROJECT_DIRECTORY), "--profiles-dir", str(PROJECT_DIRECTORY)),
            *("--target-path", str(home / "dbt"), "--vars", json.dumps(values)),
        ]


def _runner(manifest: Manifest | None = None) -> dbtRunner:
    from dbt.cli.main import dbtRunner
    from dbt_common.behavior_flags import BehaviorFlagRendered

    # For each of its flags dbt looks through the call stack and all loaded modules, to say in a
    # message of its own where the flag comes from. With Airflow and Great Expectations loaded,
    # that took four fifths of the time of a run.
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters.postgres.impl")  # type: ignore[method-assign]
    return dbtRunner(manifest=manifest)


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Give dbt's profile the database, and silence its telemetry, for the duration of a command."""
    database = conninfo_to_dict(settings.require("transform_dsn"))
    values = {
        "PGHOST": str(database.get("host", "127.0.0.1")),
        "PGPORT": str(database.get("port", 5432)),
        "PGUSER": str(database["user"]),
        "PGDATABASE": str(database["dbname"]),
        "DBT_ENV_SECRET_FOOTFALL_PASSWORD": str(database.get("password", "")),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    saved = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _explain(arguments: Sequence[str], outcome: Any) -> str:
    results = getattr(outcome.result, "results", None) or []
    failed = [
        f"{result.node.name}: {result.message}"
        for result in results
        if str(result.status) in ("error", "fail", "runtime error")
    ]
    reasons = failed or [str(outcome.exception or "see the log under logs/dbt")]
    return f"dbt {arguments[0]} failed: " + "; ".join(reasons)


def main() -> int:
    """Parse the project with warnings as errors: ``python -m pipeline.dbt``."""
    settings = load_settings()
    if settings.transform_dsn is None:
        # parsing needs no database, only a profile that is complete
        settings = settings.model_copy(
            update={"transform_dsn": "postgresql://nobody@127.0.0.1:1/nowhere"}
        )
    try:
        DbtProject(settings).invoke(["parse", "--no-partial-parse"])
    except DbtError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
