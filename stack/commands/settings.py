"""``footfall settings``: which settings are in force, and changing one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(
    help="List the settings; set one in footfall.env, checked first.", no_args_is_help=True
)


@app.command("list")
def list_all(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """List every setting, its value, and where that comes from; secrets are hidden."""
    from rich.console import Console
    from rich.table import Table

    from stack.chosen_settings import list_settings

    settings = list_settings()
    if as_json:
        typer.echo(json.dumps([setting._asdict() for setting in settings], indent=2))
        return
    table = Table("setting", "value", "from", "a change is in force")
    for setting in settings:
        table.add_row(
            setting.name,
            setting.value or "",
            setting.origin,
            "at the next request" if setting.is_live else "after make up",
        )
    Console(highlight=False).print(table)


@app.command("set")
def set_one(
    name: Annotated[str, typer.Argument(help="Such as FOOTFALL_CONSENT, or consent.")],
    value: Annotated[str, typer.Argument(help="Its value; '' for its default.")],
) -> None:
    """Set one in footfall.env; a wrong value changes nothing."""
    from stack.chosen_settings import change_setting

    typer.echo(change_setting(name, value))
