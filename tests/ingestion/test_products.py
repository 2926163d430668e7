"""``footfall products``: a CSV file in, all or nothing, and what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingestion.products import Imported, import_products, list_products
from stack.cli import main
from tests.conftest import Warehouse
from warehouse.connections import connect
from warehouse.errors import OperatorError
from warehouse.roles import Role
from warehouse.settings import load_settings


def bring_in(warehouse: Warehouse, path: Path, text: str, *, replace: bool = False) -> Imported:
    path.write_text(text, encoding="utf-8")
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        return import_products(connection, path, replace=replace)


def listed(warehouse: Warehouse) -> dict[str, str]:
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        return dict(list_products(connection))


def test_products_are_added_renamed_and_left_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    first = bring_in(warehouse, path, "product_id,product_name\nb-1,Bottle\nb-2,Cup\nb-1,Flask\n")
    assert first == Imported(rows=3, added=2, renamed=0, removed=0)
    second = bring_in(
        warehouse, path, "\ufeffprice,product_name,product_id\n1,Mug,b-2\n2,Jar,b-3\n"
    )
    assert second == Imported(rows=2, added=1, renamed=1, removed=0)
    assert listed(warehouse) == {"b-1": "Flask", "b-2": "Mug", "b-3": "Jar"}


def test_products_that_are_not_in_the_file_are_removed_where_it_replaces(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "products.csv"
    bring_in(warehouse, path, "product_id,product_name\nb-1,Bottle\nb-2,Cup\n")
    done = bring_in(warehouse, path, "product_id,product_name\nb-2,Cup\n", replace=True)
    assert done == Imported(rows=1, added=0, renamed=0, removed=1)
    assert listed(warehouse) == {"b-2": "Cup"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column product_id and no column product_name"),
        ("product_id,name\nb-1,Bottle\n", "has no column product_name"),
        ("product_id,product_name\n", "lists no product"),
        ("product_id,product_name\nb-1,Bottle\n ,Cup\n", "line 3: product_id is empty"),
        ("product_id,product_name\nb-1\n", "line 2: product_name is empty"),
        (f"product_id,product_name\n{'b' * 1025},Cup\n", "line 2: product_id has more than 1024"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing_and_the_message_names_the_line(
    warehouse: Warehouse, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(OperatorError, match=message):
        bring_in(warehouse, tmp_path / "products.csv", text, replace=True)
    assert listed(warehouse) == {}


def test_the_command_imports_and_lists(
    warehouse: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FOOTFALL_OWNER_DSN", warehouse.dsn(Role.OWNER))
    load_settings.cache_clear()
    path = tmp_path / "products.csv"
    path.write_text("product_id,product_name\nb-1,Bottle\n")
    said = []
    for words in (["import", str(path), "--json"], ["list", "--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["products", *words])
        assert ended.value.code == 0
        said.append(json.loads(capsys.readouterr().out))
    load_settings.cache_clear()
    assert said == [
        {"rows": 1, "added": 1, "renamed": 0, "removed": 0},
        [{"product_id": "b-1", "product_name": "Bottle"}],
    ]
