"""``footfall reports``: lists the reports of the archive, shows one, and writes them."""

from __future__ import annotations

import datetime as dt
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="List the reports of the archive, show one, and write them.", no_args_is_help=True
)


class Kind(StrEnum):
    """What there are reports on."""

    PLATFORM = "platform"
    COMMUNITY = "community"
    GEO = "geo"


class Form(StrEnum):
    """What a report can be had as."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"


@app.command("list")
def list_reports(
    kind: Annotated[Kind | None, typer.Option(help="Of this kind alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """List the reports of the archive, the newest period first."""
    from pipeline.reports import archive
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    with connect(load_settings().require("transform_dsn"), name="footfall reports") as connection:
        entries = archive.list_reports(connection, kind=kind, limit=limit)
    if as_json:
        console.print(json.dumps([one._asdict() for one in entries], default=str), soft_wrap=True)
        return
    if not entries:
        console.print("There is no report yet; `footfall reports generate platform` writes one.")
        return
    table = Table("number", "report", "first day", "last day", "written (UTC)")
    for one in entries:
        table.add_row(
            str(one.report_id),
            one.title,
            f"{one.first_day}",
            f"{one.last_day}",
            f"{one.created_at:%Y-%m-%d %H:%M}",
        )
    console.print(table, markup=False)


@app.command()
def show(
    number: Annotated[int, typer.Argument(min=1, help="As in the list.")],
    form: Annotated[Form, typer.Option(help="What to write.")] = Form.JSON,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write; standard output without.")
    ] = None,
) -> None:
    """Write a report as JSON, CSV, or as a page on its own, which needs no network."""
    from pipeline.reports.archive import read_report
    from pipeline.reports.rendering import on_its_own
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("transform_dsn"), name="footfall reports") as connection:
        text = read_report(connection, number, form.value)
    if form is Form.HTML:
        text = on_its_own(text)
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    else:
        output.write_text(text)


@app.command()
def generate(
    kind: Annotated[Kind, typer.Argument(help="What to report on.")],
    last_day: Annotated[
        str | None, typer.Option(help="Last day of the period, such as 2024-06-30; else yesterday.")
    ] = None,
) -> None:
    """Write the reports of a kind into the archive; one on the same period is replaced."""
    from pipeline.reports import archive
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    entries = archive.generate(
        kind.value,
        load_settings(),
        last_day=None if last_day is None else _day(last_day),
        notify=lambda step: console.print(f"  .. {step}", markup=False),
    )
    console.print(
        f"{len(entries):,} reports written; `footfall reports list` shows them."
        if entries
        else "Nothing happened in these days, so that there is nothing to report on."
    )


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no day; write it as year-month-day", param_hint="--last-day"
        ) from None
