"""The dbt project by its own means: unit tests, reconciliation, documentation."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pipeline.dbt import DbtError, dbt_project
from pipeline.sites import build_dbt_docs
from tests.conftest import Warehouse
from tests.pipeline.conftest import Run
from tests.pipeline.test_incremental_equals_full_refresh import THINGS
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT, Settings

MODELS = PROJECT_ROOT / "dbt_project" / "models"


def model_names() -> list[str]:
    return sorted(path.stem for path in MODELS.rglob("*.sql"))


def test_unit_tests_pass(warehouse: Warehouse, run_all: Run, settings: Settings) -> None:
    land(warehouse, [{}])
    run_all()
    result = dbt_project(settings).invoke(["test", "--select", "test_type:unit"])
    assert len(result.results) >= 6


def test_every_settled_event_is_counted_on_its_day(
    warehouse: Warehouse, run_all: Run, settings: Settings
) -> None:
    land(warehouse, [*THINGS, {"user_id": None, "category": "system", "event_type": "metric"}])
    run_all()
    dbt_project(settings).invoke(["test", "--select", "tag:reconciliation"])

    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        connection.execute("update marts.daily_analytics set events = events - 1")
        connection.execute("delete from marts.product_daily where product_id = 'p1'")
        connection.execute("update marts.sales_daily set orders = orders + 1")
        connection.execute("delete from marts.errors_daily")
    with pytest.raises(DbtError) as raised:
        dbt_project(settings).invoke(["test", "--select", "tag:reconciliation"])
    for name in ("daily_events", "product_days", "sales", "system"):
        assert re.search(rf"{name}_equals?_raw", str(raised.value)), name


def test_the_site_shows_every_model_with_its_types(
    warehouse: Warehouse, run_all: Run, settings: Settings
) -> None:
    land(warehouse, [{}])
    run_all()
    site = build_dbt_docs(settings)
    catalog = json.loads((site / "catalog.json").read_text())
    assert {node.rpartition(".")[2] for node in catalog["nodes"]} == set(model_names())
    assert (site / "index.html").stat().st_size > 100_000
    assert settings.require("transform_dsn").partition("@")[0] not in "".join(
        path.read_text() for path in site.iterdir()
    )


def test_the_ledger_of_loads_says_how_fresh_the_events_are(
    warehouse: Warehouse, settings: Settings
) -> None:
    now = datetime.now(UTC)
    for age, states in [
        (timedelta(days=2), {"events": "error", "loads": "warn"}),
        (timedelta(hours=3), {"events": "warn", "loads": "warn"}),
        (timedelta(minutes=5), {"events": "pass", "loads": "pass"}),
    ]:
        land(warehouse, [{}], received_at=now - age)
        assert freshness(settings) == states


def freshness(settings: Settings) -> dict[str, str]:
    command = ["source", "freshness", "--select", "source:raw"]
    try:
        results = dbt_project(settings).invoke(command)
    except DbtError:
        written = json.loads((settings.home / "dbt" / "sources.json").read_text())["results"]
        return {result["unique_id"].rpartition(".")[2]: result["status"] for result in written}
    return {result.node.name: str(result.status) for result in results}


def test_every_table_of_events_outlives_them(settings: Settings) -> None:
    shown = ("name", "config", "depends_on", "original_file_path")
    listed = dbt_project(settings).invoke(
        ["ls", "--resource-type", "model", "--output", "json", "--output-keys", *shown]
    )
    built = [json.loads(text) for text in listed]
    of_events = [
        model
        for model in built
        if "model.footfall.int_events" in model["depends_on"]["nodes"]
        and "touched" in model["config"]
        and model["name"] != "int_events"
    ]
    assert len(of_events) > 10
    for model in of_events:
        config, touched = model["config"], model["config"]["touched"]
        keys = touched["keys"].values() if isinstance(touched["keys"], dict) else touched["keys"]
        by_day = "occurred_date" in keys and touched["relation"] in (
            "int_touched_visitor_days",
            "int_touched_entity_days",
        )
        sql = (PROJECT_ROOT / "dbt_project" / model["original_file_path"]).read_text()
        assert (
            by_day
            or touched["relation"] == "int_touched_sessions"
            or config.get("freezes")
            or config.get("retired")
            or "is_key_event" in sql
            or "category = 'order'" in sql
        ), model["name"]


def test_every_mart_has_an_owner_and_somebody_who_uses_it() -> None:
    project = [yaml.safe_load(path.read_text()) for path in (MODELS / "marts").rglob("*.yml")]
    owned = {group["name"] for file in project for group in file.get("groups", [])}
    used = {
        re.findall(r"ref\('(\w+)'\)", reference)[0]
        for file in project
        for exposure in file.get("exposures", [])
        for reference in exposure["depends_on"]
    }
    marts = sorted((MODELS / "marts").rglob("*.sql"))
    assert {path.parent.name for path in marts} <= owned
    assert [path.stem for path in marts if path.stem not in used] == []


@pytest.mark.parametrize("path", sorted(MODELS.rglob("*.sql")), ids=lambda path: path.stem)
def test_every_column_of_a_model_is_described(path: Path) -> None:
    described = {
        model["name"]: model
        for file in path.parent.glob("*.yml")
        for model in (yaml.safe_load(file.read_text()).get("models") or [])
    }[path.stem]
    assert described["description"].rstrip().endswith((".",))
    assert "One row per" in described["description"]
    assert all(column["description"].strip() for column in described["columns"])
