"""The products of ``ops.products``: which the marketplace's endpoint takes, and their names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ingestion.limits import MAX_ENTITY_ID_BYTES, is_storable
from warehouse.connections import Connection
from warehouse.errors import OperatorError

COLUMNS = ("product_id", "product_name")
_NOTIFY_ROWS = 1_000
_UPSERT = """
insert into ops.products as known (product_id, product_name)
select * from unnest(%s::text[], %s::text[])
on conflict (product_id) do update set product_name = excluded.product_name
where known.product_name <> excluded.product_name
returning xmax = 0
"""
_REMOVE = "delete from ops.products where product_id not in (select unnest(%s::text[]))"


class Imported(NamedTuple):
    """What an import of products did.

    Attributes:
        rows: Rows of the file.
        added: Products that are new.
        renamed: Products that have another name now.
        removed: Products that were taken off, for the file does not list them.
    """

    rows: int
    added: int
    renamed: int
    removed: int


def import_products(
    connection: Connection,
    path: Path,
    *,
    replace: bool = False,
    notify: Callable[[int], None] = lambda rows: None,
) -> Imported:
    """Bring the products of a CSV file in, all or none.

    Args:
        connection: Of the owner, in whose transaction it happens.
        path: CSV in UTF-8 with a header and the columns :data:`COLUMNS`; others are passed over.
            Of rows with the same id the last one counts.
        replace: Whether products that are not in the file are removed.
        notify: Told the number of rows read so far.

    Raises:
        OperatorError: The file cannot be used; the message names the line.
    """
    rows = 0
    products: dict[str, str] = {}
    for product_id, name in _read(path):
        products[product_id] = name
        rows += 1
        if rows % _NOTIFY_ROWS == 0:
            notify(rows)
    if not products:
        raise OperatorError(f"{path.name} lists no product: nothing was changed")
    ids = list(products)
    changed = connection.execute(_UPSERT, (ids, list(products.values())))
    changes = [is_new for (is_new,) in changed.fetchall()]
    removed = connection.execute(_REMOVE, (ids,)).rowcount if replace else 0
    return Imported(rows, changes.count(True), changes.count(False), removed)


def list_products(connection: Connection, limit: int | None = None) -> list[tuple[str, str]]:
    """Return the products by id, each with its name.

    Args:
        connection: Of the owner.
        limit: Most products to return; None: all.
    """
    return connection.execute(
        "select product_id, product_name from ops.products order by product_id limit %s", (limit,)
    ).fetchall()


def _read(path: Path) -> Iterator[tuple[str, str]]:
    """Yield id and name of each product in a file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise OperatorError(
                    f"{path.name} has no column {' and no column '.join(missing)}: its first line "
                    f"must name {' and '.join(COLUMNS)}"
                )
            for row in reader:
                product_id, name = ((row[column] or "").strip() for column in COLUMNS)
                problem = _problem(product_id, name)
                if problem:
                    raise OperatorError(f"{path.name}, line {reader.line_num}: {problem}")
                yield product_id, name
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OperatorError(f"{path.name} cannot be read as CSV in UTF-8: {error}") from error


def _problem(product_id: str, name: str) -> str | None:
    if not product_id:
        return "product_id is empty"
    if not name:
        return "product_name is empty"
    if not (is_storable(product_id) and is_storable(name)):
        return "a NUL character, which Postgres cannot hold"
    if len(product_id.encode()) > MAX_ENTITY_ID_BYTES:
        return f"product_id has more than {MAX_ENTITY_ID_BYTES} bytes"
    return None
