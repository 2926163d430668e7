"""``footfall sql``: SQL on the marts, as analysts have it."""

from __future__ import annotations

from typing import Annotated

import typer

_VARIABLES = {"dbname": "PGDATABASE"}  # of libpq; the others are called as the parameter is


def sql(
    query: Annotated[
        str | None, typer.Argument(help="What to run; without it, a prompt opens.")
    ] = None,
) -> None:
    """Query the marts with psql, as the role that reads them and nothing else."""
    import os

    from psycopg.conninfo import conninfo_to_dict

    from stack.postgres import BINARIES
    from warehouse.settings import load_settings

    parts = conninfo_to_dict(load_settings().require("read_dsn"))
    # in the environment, not among the arguments, which every user of the machine can see
    connection = {
        _VARIABLES.get(name, f"PG{name.upper()}"): str(value) for name, value in parts.items()
    }
    environment = {**os.environ, **connection, "PGOPTIONS": "-c search_path=marts"}
    command = [str(BINARIES / "psql"), "--no-psqlrc"]
    if query is not None:
        command += ["--set=ON_ERROR_STOP=1", f"--command={query}"]
    os.execve(command[0], command, environment)  # noqa: S606
