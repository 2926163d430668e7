"""The ``footfall`` command. It imports only the command that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer
from rich.console import Console

from warehouse.errors import OperatorError


class Command(NamedTuple):
    """Where a command is, and what it does in one line."""

    target: str  # "module:name" of a function, or of a Typer application with commands of its own
    summary: str


COMMANDS = {
    "up": Command("stack.commands.up:up", "Start everything, and wait until it is healthy."),
    "down": Command("stack.commands.down:down", "Stop everything."),
    "status": Command("stack.commands.status:status", "Tell how each part is."),
    "doctor": Command(
        "stack.commands.doctor:doctor", "Find and explain what is wrong with an installation."
    ),
    "import": Command("stack.commands.import_events:import_events", "Import history from a file."),
    "simulate": Command("stack.commands.simulate:simulate", "Send simulated events."),
    "products": Command(
        "stack.commands.products:app", "Import and list the products that the marketplace has."
    ),
    "keys": Command(
        "stack.commands.keys:app", "Create, list, replace and revoke the keys of senders."
    ),
    "run": Command("stack.commands.run:run", "Bring marts up to date with what has landed."),
    "loads": Command(
        "stack.commands.loads:app", "List loads that wait or are held; let them in or not."
    ),
    "alerts": Command("stack.commands.alerts:app", "List what is wrong; take it on."),
    "reports": Command("stack.commands.reports:app", "List, show and write reports."),
    "catalogue": Command(
        "stack.commands.catalogue:app", "List, check, add the types of events that there are."
    ),
    "retention": Command(
        "stack.commands.retention:retention", "Remove what has been kept long enough."
    ),
    "quarantine": Command(
        "stack.commands.quarantine:app", "List, correct, replay what could not be stored."
    ),
    "settings": Command("stack.commands.settings:app", "List the settings; set one."),
    "geo": Command("stack.commands.geo:app", "Install a database of places; look an address up."),
    "sql": Command("stack.commands.sql:sql", "Query the marts with psql."),
    "metrics": Command("stack.commands.metrics:metrics", "Ask for headline figures."),
    "docs": Command("stack.commands.docs:docs", "Build the documentation site of the models."),
    "migrate": Command("stack.commands.migrate:migrate", "Prepare a database, for containers."),
    "airflow": Command("stack.commands.airflow:airflow", "Run a command of Airflow."),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, and exit with its status.

    Args:
        arguments: Words after the program's name; those of this process where None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        application(words)(words, prog_name="footfall")
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"footfall: {message}", style="red", markup=False
        )
        sys.exit(1)


def application(words: Sequence[str]) -> typer.Typer:
    """Return the command with the subcommand that the words ask for; the others are named only.

    Args:
        words: The words after the program's name.
    """
    app = typer.Typer(
        name="footfall",
        help="A product-analytics warehouse that a team owns.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # it prints local variables, and passwords with them
        rich_markup_mode=None,
    )
    app.callback()(_footfall)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, command in COMMANDS.items():
        if name != wanted:
            app.command(name, help=command.summary)(_not_imported)
            continue
        module, _, attribute = command.target.partition(":")
        target = getattr(import_module(module), attribute)
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=name, help=command.summary)
        else:
            app.command(name)(target)
    return app


def explain(error: Exception) -> str | None:
    """Return what to tell the operator about an error; None: it is a fault of the program."""
    from warehouse.settings import MissingSettingError, explain_invalid

    if isinstance(error, (OperatorError, MissingSettingError)):
        return str(error)
    pydantic = _loaded("pydantic_core")
    if pydantic is not None and isinstance(error, pydantic.ValidationError):
        return explain_invalid(error)
    psycopg = _loaded("psycopg")
    if psycopg is not None and isinstance(error, psycopg.OperationalError):
        return f"the database cannot be reached: {error}. `footfall status` tells more."
    return None


def _loaded(module: str) -> Any:
    return sys.modules.get(module)


def _footfall() -> None:
    """A product-analytics warehouse that a team owns."""


def _not_imported() -> None:
    raise AssertionError("a command that was not asked for was run")


if __name__ == "__main__":
    main()
