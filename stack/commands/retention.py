"""``footfall retention``: removes what is due, or says what would go."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from pipeline.retention.removals import Removal
    from pipeline.retention.run import RetentionReport


def retention(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; say what would go.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")
    ] = False,
) -> None:
    """Remove what has been kept long enough: raw events, quarantine, records, errors, files.

    Marts stay as they are, but for errors that were resolved long ago. Nothing goes that a run has
    yet to build from. The DAGs cleanup_* do the same every night.
    """
    from pipeline.retention.run import retain
    from stack.progress import Progress
    from warehouse.settings import load_settings

    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    with Progress(console).step("looking" if dry_run else "removing") as step:
        report = retain(load_settings(), dry_run=dry_run, notify=step.update)
    if as_json:
        typer.echo(json.dumps(asdict(report), default=str))
    else:
        _print(report, console)


def _print(report: RetentionReport, console: Console) -> None:
    from warehouse.amounts import size

    for removal in report.removals:
        stretch = f"{_day(removal, 'oldest')} to {_day(removal, 'newest')}"
        archive = f"  archived in {removal.archive}" if removal.archive else ""
        whole = "  (the partition)" if removal.is_whole else ""
        console.print(
            f"{removal.what:<30} {removal.removed:>12,}  {size(removal.size):>9}  {stretch}"
            f"{whole}{archive}",
            markup=False,
        )
    if not report.removals:
        console.print("Nothing is due.")
    elif report.is_dry_run:
        console.print("Nothing was removed.")
    if report.waits_for:
        console.print(
            f"Raw events that are due from {report.stays_from} on stay for now: "
            f"{report.waits_for}.",
            markup=False,
        )


def _day(removal: Removal, name: str) -> str:
    moment = getattr(removal, name)
    return f"{moment:%Y-%m-%d}" if moment else "?"
