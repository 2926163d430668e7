"""``footfall catalogue``: the event types that there are, whether they are sound, adding one."""

from __future__ import annotations

import difflib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from warehouse.settings import load_settings

if TYPE_CHECKING:
    from ingestion.catalogue import EventType
    from ingestion.catalogue_edit import Edited, NewCategory

app = typer.Typer(
    help="The event types of the catalogue: list, show, check them, and add one.",
    no_args_is_help=True,
)
Name = Annotated[
    str, typer.Argument(metavar="CATEGORY/EVENT_TYPE", help="Such as community/poll_vote.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
_SEND = (
    'curl "$FOOTFALL_INGESTION_URL/v1/events" -H "Authorization: Bearer $FOOTFALL_WRITE_KEY" -d '
)


@app.command("list")
def list_types(
    category: Annotated[str | None, typer.Argument(help="Of this category alone.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the event types."""
    from ingestion.catalogue import Catalogue
    from ingestion.plan import read_plan

    catalogue = Catalogue(read_plan(load_settings().catalog_dir))
    if category is not None and category not in catalogue.categories:
        raise _unknown("category", category, list(catalogue.categories))
    kinds = [kind for kind in catalogue if category in (None, kind.category)]
    if as_json:
        typer.echo(json.dumps([_summary(kind) for kind in kinds], ensure_ascii=False))
        return
    width = max((len(_name(kind)) for kind in kinds), default=0)
    for kind in kinds:
        typer.echo(f"{_name(kind):<{width}}  {kind.spec.description}")


@app.command(epilog="\b\nExamples:\n  footfall catalogue show product/purchase")
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show one event type: its fields, an example, and how to send it."""
    from ingestion.catalogue import Catalogue
    from ingestion.plan import read_plan

    catalogue = Catalogue(read_plan(load_settings().catalog_dir))
    category, event_type = _parts(name)
    kind = catalogue.find(category, event_type)
    if kind is None:
        raise _unknown("event type", name, [_name(one) for one in catalogue])
    if as_json:
        typer.echo(json.dumps(_details(kind), ensure_ascii=False))
    else:
        _print_type(kind)


@app.command(
    epilog="\b\nExamples:\n  footfall catalogue check\n  footfall catalogue check drafts/catalog"
)
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder of YAML files; the catalogue in force where none is given."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check all files, and that each example is a valid event; exit status 1 where one is wrong."""
    from ingestion.catalogue_check import check_catalogue

    checked = check_catalogue(folder or load_settings().catalog_dir)
    if as_json:
        found = {
            "event_types": checked.event_types,
            "problems": [one._asdict() for one in checked.problems],
            "warnings": [one._asdict() for one in checked.warnings],
        }
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for what, findings in (("problem", checked.problems), ("warning", checked.warnings)):
            for finding in findings:
                typer.echo(f"{what}: {finding}")
        typer.echo(
            f"{checked.event_types} event types, {len(checked.problems)} problems, "
            f"{len(checked.warnings)} warnings"
        )
    raise typer.Exit(1 if checked.problems else 0)


@app.command(
    epilog="""\b
Examples:
  footfall catalogue add community/poll_vote --description "Somebody voted in a poll." \\
    --field "properties.choice:string:required=what they voted for" \\
    --allowed properties.choice=yes,no
  footfall catalogue add page/scroll --description "A page was scrolled." \\
    --field "properties.depth:number=how far down" --unit properties.depth=% \\
    --minimum properties.depth=0 --maximum properties.depth=100 --example properties.depth=75
  footfall catalogue add garden/rose_cut --description "A rose was cut." \\
    --new-category "What grows." --keep-days 365 --no-personal"""
)
def add(
    name: Name,
    *,
    description: Annotated[str, typer.Option(metavar="TEXT", help="When it is sent.")],
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="PATH[:TYPE][:required]=TEXT",
            help="A field and what it means. Types: string, integer, number, boolean, object, "
            "array; known for all but properties. This and those below are repeatable.",
        ),
    ] = None,
    allowed: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH=A,B,…", help="The only values that a field may have."),
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--unit", metavar="PATH=UNIT", help="Unit of a number, such as ms."),
    ] = None,
    minima: Annotated[
        list[str] | None,
        typer.Option("--minimum", metavar="PATH=N", help="Lowest number that it may be."),
    ] = None,
    maxima: Annotated[
        list[str] | None,
        typer.Option("--maximum", metavar="PATH=N", help="Highest number that it may be."),
    ] = None,
    examples: Annotated[
        list[str] | None,
        typer.Option("--example", metavar="PATH=VALUE", help="What an example event says there."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="A field of the category that it lacks."),
    ] = None,
    sent_by: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT", help="Wire format that sends it. Default: the category's."),
    ] = None,
    example_event: Annotated[
        str,
        typer.Option(metavar="JSON", help="A whole example event, instead of one that is made."),
    ] = "",
    entity_type: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it always happens to.")
    ] = None,
    keep_days: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many days raw events are kept.")
    ] = None,
    personal: Annotated[
        bool | None,
        typer.Option("--personal/--no-personal", help="Whether it tells of a person."),
    ] = None,
    new_category: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Make the category, and say what its event types have in common; needs "
            "--keep-days and --personal or --no-personal, which are then the category's.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an event type that is defined otherwise.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add an event type to its category's file; comments and all else there stay as they are.

    A running ingestion takes it over within a second. What is there already, and the same, is left
    alone. An example event is made from the examples of the fields.
    """
    from ingestion.catalogue_edit import NewCategory, add_event_type
    from ingestion.catalogue_words import Words

    category, event_type = _parts(name)
    wanted: NewCategory | None = None
    if new_category is not None:
        if keep_days is None or personal is None:
            raise typer.BadParameter(
                "--new-category needs --keep-days and --personal or --no-personal"
            )
        wanted = NewCategory(new_category, keep_days, personal)
        keep_days = personal = None
    words = Words(
        description,
        fields=fields or (),
        allowed=allowed or (),
        units=units or (),
        minima=minima or (),
        maxima=maxima or (),
        examples=examples or (),
        without=without or (),
        example=example_event,
        entity_type=entity_type,
        keep_days=keep_days,
        personal=personal,
        sent_by=sent_by or (),
    )
    edited = add_event_type(
        load_settings().catalog_dir,
        category,
        event_type,
        words,
        new_category=wanted,
        replaces=replace,
        is_dry_run=dry_run,
    )
    if as_json:
        done = {"status": edited.status, "dry_run": dry_run, "file": str(edited.path)}
        typer.echo(json.dumps({**done, **_details(edited.kind)}, ensure_ascii=False))
    else:
        _print_edited(edited, is_dry_run=dry_run)


def _print_edited(edited: Edited, *, is_dry_run: bool) -> None:
    name = _name(edited.kind)
    if edited.status == "unchanged":
        typer.echo(f"{name} is there already: nothing was changed.")
        return
    for line in list(
        difflib.unified_diff(
            edited.before.splitlines(), edited.after.splitlines(), lineterm="", n=1
        )
    )[3:]:
        typer.echo(f"  {line}")
    if is_dry_run:
        typer.echo("Nothing was changed.")
        return
    typer.echo(
        f"{name} is {edited.status} in {edited.path}; ingestion takes it over within a second."
    )
    typer.echo(f"send it:  {_curl(edited.kind)}")
    typer.echo(f"what is in quarantine:  footfall quarantine replay --event-type {name}")


def _print_type(kind: EventType) -> None:
    spec = kind.spec
    typer.echo(f"{_name(kind)}: {spec.description}")
    facts = [
        f"happens to: {spec.entity_type}" if spec.entity_type else "",
        f"sent by: {', '.join(spec.sent_by)}" if spec.sent_by else "",
        f"raw events are kept {spec.keep_days:,} days",
        "personal" if spec.personal else "not personal",
    ]
    typer.echo("; ".join(filter(None, facts)))
    if kind.fields:
        from stack.field_types import describe_type

        table = Table("field", "type", "required", "meaning")
        for path, field in kind.fields.items():
            cells = (path, describe_type(field), "yes" if field.required else "", field.description)
            table.add_row(*map(Text, cells))
        Console(highlight=False).print(table)
    typer.echo(json.dumps(_details(kind)["example"], ensure_ascii=False, indent=2))
    typer.echo(_curl(kind))


def _summary(kind: EventType) -> dict[str, Any]:
    spec = kind.spec
    return {
        "category": kind.category,
        "event_type": kind.name,
        "description": spec.description,
        "entity_type": spec.entity_type,
        "keep_days": spec.keep_days,
        "personal": spec.personal,
        "sent_by": spec.sent_by,
    }


def _details(kind: EventType) -> dict[str, Any]:
    import msgspec

    fields = {
        path: {
            name: value for name, value in msgspec.to_builtins(field).items() if value is not None
        }
        for path, field in kind.fields.items()
    }
    example = {"category": kind.category, "event_type": kind.name, **kind.spec.example}
    return {**_summary(kind), "fields": fields, "example": example, "curl": _curl(kind)}


def _curl(kind: EventType) -> str:
    event = {"category": kind.category, "event_type": kind.name, **kind.spec.example}
    return _SEND + shlex.quote(json.dumps(event, ensure_ascii=False, default=str))


def _name(kind: EventType) -> str:
    return f"{kind.category}/{kind.name}"


def _parts(name: str) -> tuple[str, str]:
    category, sign, event_type = name.partition("/")
    if not (category and sign and event_type):
        raise typer.BadParameter(f"{name!r} is not CATEGORY/EVENT_TYPE, as community/poll_vote")
    return category, event_type


def _unknown(what: str, name: str, known: list[str]) -> Exception:
    from warehouse.errors import OperatorError

    near = difflib.get_close_matches(name, known, n=3)
    hint = (
        f"do you mean {' or '.join(near)}?" if near else "`footfall catalogue list` has them all."
    )
    return OperatorError(f"There is no {what} {name}; {hint}")
