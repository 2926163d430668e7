"""``footfall import``: brings history in from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from ingestion.importer.job import ImportJob, Source
    from ingestion.importer.preview import Preview
    from ingestion.importer.tally import Tally
    from warehouse.settings import Settings

_PROBLEM_LIMIT = 1_000


class FileFormat(StrEnum):
    """Formats that can be read, compressed with gzip or not."""

    COMBINED = "combined"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def import_events(
    file: Annotated[Path, typer.Argument(help="File to import, compressed with gzip or not.")],
    file_format: Annotated[FileFormat, typer.Option("--format", help="Its format.")],
    mapping: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME",
            help="What its columns mean: a YAML file, or a built-in mapping. Default: the "
            "built-in one with these columns.",
        ),
    ] = None,
    *,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Set an option of the mapping. Repeatable."),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            help="Where the file comes from, such as a server's name: equal rows of two sources "
            "are two events, of one source they are one."
        ),
    ] = "",
    quarantine_limit: Annotated[
        int,
        typer.Option(
            min=0,
            help="Stop when more rows and events than this cannot be used.",
        ),
    ] = _PROBLEM_LIMIT,
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Begin at the first row, where an import was cut short."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Send nothing; show the first events and the counts."),
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Ingestion API. Default: FOOTFALL_INGESTION_URL.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the tally as JSON, and nothing else.")
    ] = False,
) -> None:
    """Import the events of a file, through the ingestion API.

    An import that was cut short goes on where it was when it is run again; a file that is imported
    again adds nothing. Exit status 0 only where every row is accounted for.
    """
    from ingestion.importer.job import open_source
    from warehouse.settings import load_settings

    settings = load_settings()
    console = Console(highlight=False, soft_wrap=True, quiet=as_json)
    opened = open_source(
        file, file_format.value, mapping, options=_options(option or ()), source=source
    )
    if mapping is None:
        console.print(f"mapping: {opened.mapping.name} (chosen by the columns)", markup=False)
    if dry_run:
        _preview(opened, settings, console, as_json=as_json)
    else:
        _import(
            opened,
            settings,
            console,
            url=url or settings.ingestion_url,
            quarantine_limit=quarantine_limit,
            restart=restart,
            as_json=as_json,
        )


def _import(
    opened: Source,
    settings: Settings,
    console: Console,
    *,
    url: str,
    quarantine_limit: int,
    restart: bool,
    as_json: bool,
) -> None:
    from ingestion.client import EventSender
    from ingestion.importer.job import ImportJob
    from stack.row_progress import progress_bar

    with EventSender(url, settings.require("write_key")) as sender:
        sender.check()
        job = ImportJob(opened, sender, settings.home, restart=restart)
        if job.resumed_rows:
            console.print(f"going on after row {job.resumed_rows:,}; --restart begins anew")
        try:
            with (
                progress_bar(console, "looking over", "rows") as examined,
                progress_bar(console, "importing", "rows") as sent,
            ):
                job.run(problem_limit=quarantine_limit, on_examined=examined, on_sent=sent)
        except KeyboardInterrupt:
            _print_tally(job, console, as_json=as_json)
            console.print("interrupted; the same command goes on from here")
            raise typer.Exit(130) from None
        except BaseException:
            _print_tally(job, console, as_json=as_json)
            raise
    _print_tally(job, console, as_json=as_json)
    if not job.tally.is_complete():
        raise typer.Exit(1)


def _preview(opened: Source, settings: Settings, console: Console, *, as_json: bool) -> None:
    from ingestion.importer.preview import preview
    from stack.row_progress import progress_bar

    with progress_bar(console, "reading", "rows") as notify:
        shown = preview(opened, settings, notify=notify)
    if as_json:
        report = {"dry_run": True, "mapping": opened.mapping.name, **shown.tally.as_json()}
        typer.echo(json.dumps({**report, "first_events": shown.first_events}, default=str))
        return
    _print_preview(shown, console)


def _print_preview(shown: Preview, console: Console) -> None:
    for event in shown.first_events:
        console.print(json.dumps(event, default=str, ensure_ascii=False), markup=False)
    for name, count in sorted(shown.tally.events.items()):
        console.print(f"{count:>12,}  {name}", markup=False)
    tally = shown.tally
    console.print(
        f"{tally.rows:,} rows, {tally.broken:,} of them unreadable, {tally.skipped:,} left out; "
        f"{tally.sent:,} events, of which {tally.verdicts['quarantined']:,} would be quarantined. "
        "Nothing was sent.",
        markup=False,
    )
    for row in shown.first_broken:
        console.print(f"  line {row.number}: {row.problem}: {row.raw[:200]}", markup=False)
    _print_reasons(tally, console)


def _print_tally(job: ImportJob, console: Console, *, as_json: bool) -> None:
    tally = job.tally
    report = str(job.state.rejected_path) if job.state.rejected_path.exists() else None
    if as_json:
        typer.echo(json.dumps({**tally.as_json(), "rejected_report": report}))
        return
    counts: Sequence[tuple[int, str]] = (
        (tally.rows, "rows read"),
        (tally.broken, f"rows unreadable: {report}" if tally.broken else "rows unreadable"),
        (tally.skipped, "rows left out by the mapping"),
        (tally.sent, "events sent"),
        *((count, status) for status, count in tally.verdicts.items()),
    )
    for count, what in counts:
        if count or what not in ("rows left out by the mapping", "refused"):
            console.print(f"{count:>12,}  {what}", markup=False)
    _print_reasons(tally, console)


def _print_reasons(tally: Tally, console: Console) -> None:
    for reason in tally.top_reasons():
        console.print(
            f"{reason.count:>12,}  {reason.event} {reason.code}: {reason.message}", markup=False
        )


def _options(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not (name and sign):
            raise typer.BadParameter(f"{name!r} is not NAME=VALUE", param_hint="--option")
    return {name: value for name, _, value in pairs}
