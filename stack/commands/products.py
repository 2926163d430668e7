"""``footfall products``: the products that the marketplace's endpoint takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="Import and list the products that POST /api/activity/track/ takes. Where there are none, "
    "it takes any.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


@app.command("import")
def import_products(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns product_id and product_name.", exists=True, dir_okay=False
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the products that are not in the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add the products of a file, and rename those that have another name; all or none.

    Ingestion takes them within seconds.
    """
    from ingestion.products import import_products as bring_in
    from stack.row_progress import progress_bar
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False, quiet=as_json)
    with (
        connect(load_settings().require("owner_dsn"), name="footfall products") as connection,
        progress_bar(console, "importing", "rows") as notify,
    ):
        done = bring_in(connection, file, replace=replace, notify=lambda rows: notify(rows, rows))
    if as_json:
        typer.echo(json.dumps(done._asdict()))
        return
    for name, count in done._asdict().items():
        console.print(f"{count:>12,}  {name}")


@app.command("list")
def list_products(
    limit: Annotated[int, typer.Option(min=0, help="Most products to show; 0: all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the products by id."""
    from ingestion.products import COLUMNS
    from ingestion.products import list_products as products_of
    from warehouse.connections import connect
    from warehouse.settings import load_settings

    console = Console(highlight=False)
    with connect(load_settings().require("owner_dsn"), name="footfall products") as connection:
        products = products_of(connection, limit or None)
    if as_json:
        typer.echo(json.dumps([dict(zip(COLUMNS, one, strict=True)) for one in products]))
        return
    if not products:
        console.print("There are no products: the marketplace's endpoint takes any.")
        return
    table = Table("product", "name")
    for product_id, name in products:
        table.add_row(product_id, name)
    console.print(table)
    if limit and len(products) == limit:
        console.print(f"the first {limit:,}; --limit 0 lists all")
