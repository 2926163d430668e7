"""``footfall status``: tells how each part is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stack.health import PartStatus
    from stack.supervise import Supervisor


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Tell how each part and the warehouse are; exit with status 1 where a part is not healthy.

    The page /status of serving tells more.
    """
    import datetime as dt

    from stack.health import examine
    from stack.parts import define_parts
    from stack.state import open_state
    from stack.supervise import Supervisor
    from stack.warehouse_status import read_overview, summarise
    from warehouse.errors import OperatorError
    from warehouse.overview import as_json as overview_as_json
    from warehouse.settings import home_directory

    state = open_state()
    if state is None:
        raise OperatorError(f"There is nothing in {home_directory()} yet: run `make up` first.")
    supervisor = Supervisor(state.home)
    supervisor_pid = supervisor.pid()
    statuses = examine(state, define_parts(state), supervisor)
    healthy = supervisor_pid is not None and all(part.healthy for part in statuses)
    overview = read_overview(state.settings)
    if as_json:
        parts = [
            {
                "name": part.name,
                "healthy": part.healthy,
                "reason": part.reason or None,
                "pid": part.pid,
                "since": part.since.isoformat(timespec="seconds") if part.since else None,
                "memory_bytes": part.memory_bytes,
                "address": part.address,
            }
            for part in statuses
        ]
        typer.echo(
            json.dumps(
                {
                    "healthy": healthy,
                    "home": str(state.home),
                    "supervisor_pid": supervisor_pid,
                    "parts": parts,
                    "warehouse": overview_as_json(overview) if overview else None,
                },
                indent=2,
            )
        )
    else:
        _print(statuses, supervisor)
        for line in summarise(overview, dt.datetime.now(dt.UTC)) if overview else ():
            typer.echo(line)
        if supervisor_pid is None:
            typer.echo("The supervisor does not run, so nothing would be restarted: run `make up`.")
    raise typer.Exit(0 if healthy else 1)


def _print(statuses: list[PartStatus], supervisor: Supervisor) -> None:
    typer.echo(f"{'part':<22} {'state':<10} {'since (UTC)':<20} {'pid':>8} {'memory':>9}  where")
    for part in statuses:
        since = f"{part.since:%Y-%m-%d %H:%M:%S}" if part.since else ""
        memory = f"{part.memory_bytes / 1e6:.0f} MB" if part.memory_bytes else ""
        typer.echo(
            f"{part.name:<22} {'healthy' if part.healthy else 'UNHEALTHY':<10} {since:<20} "
            f"{part.pid or '':>8} {memory:>9}  {part.address or ''}".rstrip()
        )
        if part.reason:
            log = supervisor.log(part.name)
            typer.echo(f"  -> {part.reason}" + (f" (log: {log})" if log.exists() else ""))
    total = sum(part.memory_bytes or 0 for part in statuses)
    typer.echo(f"{'':<22} {'':<10} {'':<20} {'':>8} {total / 1e6:>6.0f} MB  in all")
