"""``footfall keys``: who may send events, and with what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from warehouse.settings import Settings

app = typer.Typer(
    help="Create, list, replace and revoke the write keys with which events are sent.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="What people call the key.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


@app.command()
def create(
    name: Name,
    source: Annotated[str, typer.Option(help="Source of the events that are sent with it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="`ingest:<category>`: that category alone; may be repeated."),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Web pages that may send with it, such as https://shop.example or "
            "https://*.shop.example; may be repeated. Such a key is no secret."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a write key, and print it: it cannot be had again."""
    from ingestion.keys import create_key
    from warehouse.connections import connect
    from warehouse.settings import load_settings
    from warehouse.tokens import INGEST

    settings = load_settings()
    scopes = scope or [INGEST]
    _check_categories(scopes, settings)
    origins = origin or []
    with connect(settings.require("owner_dsn"), name="footfall keys") as connection:
        key = create_key(
            connection, name=name, source=source, scopes=scopes, allowed_origins=origins
        )
    _print_key(
        key,
        {"name": name, "source": source, "scopes": scopes, "allowed_origins": origins},
        as_json=as_json,
    )


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the write keys, the revoked ones too; the keys themselves are stored nowhere."""
    from rich.console import Console
    from rich.table import Table

    from ingestion.keys import list_keys
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("owner_dsn"), name="footfall keys") as connection:
        keys = list_keys(connection)
    if as_json:
        typer.echo(json.dumps([key._asdict() for key in keys], default=str, indent=2))
        return
    table = Table("name", "source", "scopes", "origins", "created", "revoked")
    for key in keys:
        table.add_row(
            key.name,
            key.source,
            "\n".join(key.scopes),
            "\n".join(key.allowed_origins),
            f"{key.created_at:%Y-%m-%d %H:%M}",
            f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
        )
    Console(highlight=False).print(table)


@app.command()
def rotate(name: Name, as_json: AsJson = False) -> None:
    """Put a new write key in the place of one, which is refused within seconds."""
    from ingestion.keys import DEFAULT_KEY, rotate_key
    from stack.chosen_settings import replace_write_key
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    with connect(load_settings().require("owner_dsn"), name="footfall keys") as connection:
        key = rotate_key(connection, name=name)
        if name == DEFAULT_KEY:
            replace_write_key(key)
    _print_key(key, {"name": name}, as_json=as_json)


@app.command()
def revoke(name: Name) -> None:
    """Revoke a write key: it is refused within seconds, and its name is not given again."""
    from ingestion.keys import DEFAULT_KEY, revoke_key
    from warehouse.connections import connect
    from warehouse.errors import OperatorError
    from warehouse.settings import load_settings

    if name == DEFAULT_KEY:
        raise OperatorError(
            f"{name} is FOOTFALL_WRITE_KEY, which every `make up` makes valid: replace it by "
            f"`footfall keys rotate {name}`."
        )
    with connect(load_settings().require("owner_dsn"), name="footfall keys") as connection:
        revoke_key(connection, name=name)
    typer.echo(f"{name} is revoked: ingestion refuses it within 2 seconds.")


def _print_key(key: str, about: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**about, "key": key}))
        return
    typer.echo(key)
    typer.echo("Keep it now: it is stored nowhere, and cannot be shown again.", err=True)


def _check_categories(scopes: Sequence[str], settings: Settings) -> None:
    """Refuse a scope of a category that the catalogue lacks, unless any category may be sent."""
    from ingestion.plan import read_plan
    from warehouse.errors import OperatorError

    if settings.unknown_events == "custom":
        return
    known = read_plan(settings.catalog_dir)
    for scope in scopes:
        _, colon, category = scope.partition(":")
        if colon and category not in known:
            raise OperatorError(
                f"The catalogue has no category {category!r}; it has {', '.join(sorted(known))}."
            )
