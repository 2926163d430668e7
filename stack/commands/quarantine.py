"""``footfall quarantine``: what could not be stored, and bringing it back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from ingestion.quarantine.selection import Selection
from stack.quarantine_options import AsJson, Ids, narrow, takes_filters
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from ingestion.items import Item
    from ingestion.quarantine.corrections import Corrections
    from ingestion.quarantine.entries import Entry, Group
    from ingestion.quarantine.fixing import Fixes
    from ingestion.quarantine.tally import Tally

app = typer.Typer(
    help="Events that could not be stored: list, show, correct, replay or discard them.",
    no_args_is_help=True,
)
_SHOWN = 100  # rows or groups, where no limit is given


class State(StrEnum):
    """Which events are listed."""

    OPEN = "open"
    REPLAYED = "replayed"
    DISCARDED = "discarded"
    ALL = "all"


Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would happen.")]


@app.command(
    "list",
    epilog="""\b
Examples:
  footfall quarantine list
  footfall quarantine list --source shop --since 2026-11-21
  footfall quarantine list --each --reason wrong_type --field properties.price""",
)
@takes_filters
def list_events(
    selection: Selection,
    *,
    state: Annotated[State, typer.Option(help="Those that are settled, too.")] = State.OPEN,
    each: Annotated[
        bool, typer.Option("--each", help="Each event, the newest first, instead of groups.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List what is in quarantine, grouped by source, event type, reason and field.

    At most 100 groups or events, unless --limit says otherwise.
    """
    from stack.quarantine_view import each_line, entry_json, group_lines

    chosen = selection._replace(
        state=None if state is State.ALL else state.value, limit=selection.limit or _SHOWN
    )
    events, groups, entries = asyncio.run(_find(chosen, each=each))
    if as_json:
        found = [entry_json(entry) for entry in entries] or [group._asdict() for group in groups]
        typer.echo(json.dumps(found, default=str))
        return
    console = _console(is_quiet=False)
    for group in groups:
        _print(console, group_lines(group))
    _print(console, map(each_line, entries))
    shown = len(entries) or sum(group.events for group in groups)
    if not events:
        typer.echo("There are no such events in quarantine.")
    elif shown < events:
        typer.echo(f"{shown:,} of {events:,} events; --limit shows more")


@app.command(
    epilog="""\b
Examples:
  footfall quarantine show 4711"""
)
def show(
    event: Annotated[int, typer.Argument(metavar="ID", help="Number of the event.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one event: what was received, what is wrong with it, and what can be done."""
    from stack.quarantine_view import entry_json, entry_lines, item_json

    entry, item = asyncio.run(_judge_one(event))
    if as_json:
        typer.echo(json.dumps({**entry_json(entry), **item_json(entry, item)}, default=str))
    else:
        _print(_console(is_quiet=False), entry_lines(entry, item))


@app.command(
    epilog="""\b
Examples:
  footfall quarantine fix 4711 --set properties.price=29.99
  footfall quarantine fix --reason unknown_field --rename timestamp=occurred_at
  footfall quarantine fix --event-type order/created --unset properties.debug --yes
  footfall quarantine fix 4711 --from-file event.json"""
)
@takes_filters
def fix(
    selection: Selection,
    ids: Ids = None,
    *,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="Set a field: user_id, context.country, properties.price. The value is JSON where "
            "it is, else text. Repeatable.",
        ),
    ] = None,
    unsets: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="PATH", help="Remove a field. Repeatable."),
    ] = None,
    renames: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="OLD=NEW", help="Move a field. Repeatable."),
    ] = None,
    edit: Annotated[
        bool, typer.Option("--edit", help="Open one event in $EDITOR, in the canonical format.")
    ] = False,
    from_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Replace one event by this, in the canonical format."
        ),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Correct events; what was received is kept beside the correction.

    Shows what changes and what the verdict then is, and asks. The events stay in quarantine until
    they are replayed. Renames come first, then removals, then what is set. Exit status 1 where an
    event cannot be corrected so.
    """
    from ingestion.quarantine.corrections import Corrections

    if as_json and not (yes or dry_run):
        raise typer.BadParameter("--json asks nothing: add --yes or --dry-run")
    corrections = Corrections.parse(renames=renames or (), unsets=unsets or (), sets=sets or ())
    is_replacement = edit or from_file is not None
    if any(corrections) + edit + (from_file is not None) != 1:
        raise typer.BadParameter(
            "say what to correct, by --set, --unset and --rename, by --edit, or by --from-file"
        )
    if is_replacement and len(ids or ()) != 1:
        raise typer.BadParameter("--edit and --from-file take the number of one event")
    fixes = asyncio.run(
        _fix(
            narrow(selection, ids),
            None if is_replacement else corrections,
            from_file,
            _console(is_quiet=as_json),
            is_asked=not yes,
            is_dry_run=dry_run,
        )
    )
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **fixes.as_json()}))
    raise typer.Exit(1 if fixes.problems else 0)


@app.command(
    epilog="""\b
Examples:
  footfall quarantine replay 4711 4712
  footfall quarantine replay --event-type community/poll_vote
  footfall quarantine replay --all --dry-run"""
)
@takes_filters
def replay(
    selection: Selection,
    ids: Ids = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    vouch: Annotated[
        bool,
        typer.Option("--vouch", help="Let in what its sender was not allowed to send as well."),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Judge events again by the catalogue and settings of now, and store what is let in.

    What still cannot be stored stays, with the reason of now; what may not be kept is deleted. An
    event counts once, however often it is replayed or sent again. Exit status 1 where an event
    that is named by its number stays.
    """
    from stack.quarantine_view import tally_lines

    console = _console(is_quiet=as_json)
    tally = asyncio.run(
        _replay(
            narrow(selection, ids, everything=everything),
            console,
            is_vouched_for=vouch,
            is_dry_run=dry_run,
        )
    )
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **tally.as_json()}))
    _print(console, tally_lines(tally, is_dry_run=dry_run))
    raise typer.Exit(1 if ids and tally.still_open else 0)


@app.command(
    epilog="""\b
Examples:
  footfall quarantine discard 4711
  footfall quarantine discard --reason not_json --until 2026-11-01 --yes"""
)
@takes_filters
def discard(
    selection: Selection,
    ids: Ids = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Settle events that will not come in. They are kept, and listed with --state discarded."""
    if as_json and not yes:
        raise typer.BadParameter("--json asks nothing: add --yes")
    chosen = narrow(selection, ids, everything=everything)
    done = asyncio.run(_discard(chosen, is_asked=not yes))
    typer.echo(json.dumps({"discarded": done}) if as_json else f"{done:,} discarded")


async def _find(selection: Selection, *, each: bool) -> tuple[int, list[Group], list[Entry]]:
    """Return how many events are meant, and the groups of them or each."""
    from ingestion.quarantine.entries import count, newest, summarise

    async with _open() as connection:
        events = await count(connection, selection._replace(limit=None))
        if each:
            return events, [], await newest(connection, selection)
        return events, await summarise(connection, selection), []


async def _judge_one(number: int) -> tuple[Entry, Item]:
    from ingestion.quarantine.entries import by_ids
    from ingestion.quarantine.rejudgement import open_court

    async with _open() as connection, open_court(load_settings()) as court:
        (entry,) = await by_ids(connection, [number])
        return entry, (await court.judge(entry)).item


async def _fix(
    selection: Selection,
    corrections: Corrections | None,
    file: Path | None,
    console: Console,
    *,
    is_asked: bool,
    is_dry_run: bool,
) -> Fixes:
    from ingestion.quarantine.corrections import replacement
    from ingestion.quarantine.entries import by_ids, check_open
    from ingestion.quarantine.fixing import Change, Fixing
    from ingestion.quarantine.rejudgement import open_court
    from stack.editing import edit
    from stack.quarantine_view import editable, fix_lines, fixes_lines
    from stack.row_progress import progress_bar

    async with _open() as connection, open_court(load_settings()) as court:
        await check_open(connection, selection.ids)
        if corrections is not None:
            change: Change = corrections.apply
        elif file is not None:
            change = replacement(file.read_text(encoding="utf-8", errors="surrogateescape"))
        else:
            (entry,) = await by_ids(connection, selection.ids)
            change = replacement(edit(editable(entry), ".json"))
        fixing = Fixing(connection, court, change, is_replacement=corrections is None)
        is_preview = is_dry_run or is_asked
        with progress_bar(console, "correcting", "events") as notify:
            fixes = await fixing.run(selection, is_dry_run=is_preview, notify=notify)
        for example in fixes.examples:
            _print(console, fix_lines(example))
        _print(console, fixes_lines(fixes, is_done=not is_preview))
        if is_asked and not is_dry_run and fixes.changed:
            typer.confirm(f"Correct {fixes.changed:,} events?", abort=True)
            fixes = await fixing.run(selection, is_dry_run=False)
            _print(console, [f"{fixes.changed:>12,}  corrected"])
        return fixes


async def _replay(
    selection: Selection, console: Console, *, is_vouched_for: bool, is_dry_run: bool
) -> Tally:
    from ingestion.erasures import Erasures
    from ingestion.quarantine.entries import by_ids
    from ingestion.quarantine.rejudgement import open_court
    from ingestion.quarantine.replay import Replay
    from stack.row_progress import progress_bar

    settings = load_settings()
    erasures = Erasures(settings.require("privacy_secret").encode()[:64])
    async with _open() as connection, open_court(settings) as court:
        await by_ids(connection, selection.ids)
        replaying = Replay(
            connection, court, erasures, is_vouched_for=is_vouched_for, is_dry_run=is_dry_run
        )
        with progress_bar(console, "replaying", "events") as notify:
            return await replaying.run(selection, notify)


async def _discard(selection: Selection, *, is_asked: bool) -> int:
    from ingestion.quarantine.entries import check_open, count
    from ingestion.quarantine.entries import discard as settle

    async with _open() as connection:
        await check_open(connection, selection.ids)
        events = await count(connection, selection)
        if events and is_asked:
            typer.confirm(f"Discard {events:,} events?", abort=True)
        return await settle(connection, selection)


def _open() -> AbstractAsyncContextManager[Any]:
    from ingestion.quarantine.entries import open_quarantine

    return open_quarantine(load_settings().require("owner_dsn"))


def _console(*, is_quiet: bool) -> Console:
    return Console(highlight=False, soft_wrap=True, quiet=is_quiet)


def _print(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(line, markup=False)
