"""``footfall run``: does by hand what the DAGs do on schedule."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console


def run(
    domains: Annotated[
        list[str],
        typer.Argument(help="core, a domain of marts, or all.", metavar="DOMAIN..."),
    ],
    full_refresh: Annotated[
        bool,
        typer.Option("--full-refresh", help="Build everything anew from raw events."),
    ] = False,
    first_day: Annotated[
        str | None,
        typer.Option(help="Build anew what the events of this day and later ones touch."),
    ] = None,
    last_day: Annotated[
        str | None, typer.Option(help="Last of these days; the first alone where none is given.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")
    ] = False,
) -> None:
    """Bring marts up to date with the events that have landed.

    Claims the new loads, checks them, builds what they touch, checks the result, and publishes it.
    Exit status 1 where a domain failed or was held back; the marts are then as they were.
    """
    from pipeline.reopening import parse_days
    from pipeline.runs import run as run_domains
    from warehouse.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)

    def notify(step: str) -> None:
        if not as_json:
            console.print(f"  .. {step}", markup=False)

    if last_day is not None and first_day is None:
        raise typer.BadParameter("give --first-day as well", param_hint="--last-day")
    days = None if first_day is None else parse_days(first_day, last_day or first_day)
    report = run_domains(
        domains,
        settings=load_settings(),
        trigger="cli",
        full_refresh=full_refresh,
        days=days,
        notify=notify,
    )
    if as_json:
        console.print(json.dumps([asdict(domain) for domain in report.domains]), markup=False)
    else:
        for domain in report.domains:
            rows = ", ".join(f"{count:,} {name}" for name, count in domain.rows.items())
            console.print(
                f"{domain.domain:<10} {domain.state:<10} {domain.seconds:5.1f} s  {rows}",
                markup=False,
            )
    report.raise_for_state()
