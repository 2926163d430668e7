"""``footfall loads``: what waits, what is held and why, letting it through, taking it out."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="List the loads that wait or are held; release held ones, or put them into quarantine.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
HeldLoads = Annotated[
    list[int] | None, typer.Argument(help="Loads; all that are held where none is given.")
]


@app.command("list")
def list_loads(
    held: Annotated[bool, typer.Option("--held", help="Only those that are held.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the loads that are not settled: waiting, claimed by a run, or held."""
    from pipeline.loads import unsettled
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    with connect(load_settings().require("transform_dsn"), name="footfall loads") as connection:
        loads = unsettled(connection, only_held=held)
    if as_json:
        _print_json([load._asdict() for load in loads])
        return
    if not loads:
        console.print("No load is held." if held else "Every load is settled.")
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
def show(
    load_id: Annotated[int, typer.Argument(help="Number of the load.")],
    as_json: AsJson = False,
) -> None:
    """Show a load: its ledger, which expectations its events break, and some of those events."""
    from expectations.offences import offences
    from pipeline.loads import find_load
    from warehouse.connections import connect
    from warehouse.errors import OperatorError
    from warehouse.settings import load_settings

    settings = load_settings()
    with connect(settings.require("transform_dsn"), name="footfall loads") as connection:
        load = find_load(connection, load_id)
    if load is None:
        raise OperatorError(f"There is no load {load_id}.")
    broken = offences(settings, load_id)
    if as_json:
        _print_json(
            {
                **load._asdict(),
                "breaks": [
                    {
                        "expectation": offence.sentence,
                        "column": offence.column,
                        "rows": offence.rows,
                        "examples": [example._asdict() for example in offence.examples],
                    }
                    for offence in broken
                ],
            }
        )
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"Load {load_id}, {load.state}, received {load.received_at:%Y-%m-%d %H:%M:%S} UTC"
        f" by {load.origin}"
    )
    console.print(
        f"{load.received:,} received = {load.events:,} stored + {load.duplicate:,} duplicate"
        f" + {load.quarantined:,} quarantined + {load.suppressed:,} suppressed"
    )
    if load.held_reason:
        console.print(f"held: {load.held_reason}", markup=False)
    for offence in broken:
        console.print(f"\n{offence.rows:,} rows differ from: {offence.sentence}", markup=False)
        for example in offence.examples:
            console.print(
                f"  {example.event_id}  {example.event}  {offence.column} = {example.found}",
                markup=False,
            )
    if not broken:
        console.print("No expectation fails on its events alone.")


@app.command()
def release(load_ids: HeldLoads = None, as_json: AsJson = False) -> None:
    """Let held loads through without the gate; the next run builds them."""
    from pipeline.held_loads import release_loads
    from warehouse.settings import load_settings

    released = release_loads(load_settings(), load_ids)
    if as_json:
        _print_json({"released": released})
        return
    Console(highlight=False).print(f"{released:,} loads released; `footfall run all` builds them.")


@app.command()
def quarantine(
    load_ids: HeldLoads = None,
    only_offending: Annotated[
        bool,
        typer.Option(
            "--only-offending",
            help="Take out the events alone that break an expectation; the rest goes to the gate "
            "again.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move the events of held loads into quarantine, where they can be corrected and replayed."""
    from pipeline.held_loads import quarantine_loads
    from warehouse.settings import load_settings

    moved = quarantine_loads(load_settings(), load_ids, only_offending=only_offending)
    if as_json:
        _print_json({"moved": moved})
        return
    Console(highlight=False).print(
        f"{sum(moved.values()):,} events of {len(moved):,} loads went into quarantine; "
        "`footfall quarantine list` shows them."
    )


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))
