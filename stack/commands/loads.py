"""``footfall loads``: what waits, what is held and why, and letting it through."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="List the loads that wait or are held, and release held ones.", no_args_is_help=True
)


@app.command("list")
def list_loads(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """List the loads that are not settled: waiting, claimed by a run, or held."""
    from pipeline.loads import unsettled
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    with connect(load_settings().require("transform_dsn"), name="footfall loads") as connection:
        loads = unsettled(connection)
    if as_json:
        console.print(json.dumps([load._asdict() for load in loads], default=str), soft_wrap=True)
        return
    if not loads:
        console.print("Every load is settled.")
        return
    table = Table("load", "received", "events", "state", "why")
    for load in loads:
        table.add_row(
            str(load.load_id),
            f"{load.received_at:%Y-%m-%d %H:%M:%S}",
            f"{load.events:,}",
            load.state,
            load.held_reason or "",
        )
    console.print(table)


@app.command()
def release(
    load_ids: Annotated[
        list[int] | None, typer.Argument(help="Loads; all that are held where none is given.")
    ] = None,
) -> None:
    """Let held loads through without the gate; the next run builds them."""
    from pipeline.loads import release as release_loads
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("transform_dsn"), name="footfall loads") as connection:
        released = release_loads(connection, load_ids)
    Console(highlight=False).print(f"{released:,} loads released; `footfall run all` builds them.")
