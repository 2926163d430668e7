"""The catalogue in force: its examples, and following the files."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path

from ingestion.catalogue import LiveCatalogue
from ingestion.openapi import example
from ingestion.plan import CATALOG
from tests.conftest import Warehouse
from tests.ingestion.ledger import page_view
from tests.servers import RunningIngestion, running_ingestion


def test_the_example_of_every_event_type_is_stored(ingestion: RunningIngestion) -> None:
    examples = [
        {**example(kind), "event_id": str(uuid.uuid4())} for kind in LiveCatalogue().current
    ]
    verdicts = ingestion.verdicts(examples)
    assert [verdict["reason"] for verdict in verdicts] == [None] * len(examples)


def test_the_entity_type_follows_from_the_event_type_and_may_not_contradict_it(
    ingestion: RunningIngestion,
) -> None:
    view = page_view(category="product", event_type="view", entity_id="1")
    assert ingestion.statuses({**view, "entity_type": "product"}) == ["stored"]
    (verdict,) = ingestion.verdicts({**view, "event_id": str(uuid.uuid4()), "entity_type": "order"})
    assert verdict["reason"]["code"] == "unexpected_value"
    assert verdict["reason"]["field"] == "entity_type"


def test_a_value_that_is_not_among_the_allowed_is_quarantined(ingestion: RunningIngestion) -> None:
    error = page_view(category="system", event_type="error")
    (verdict,) = ingestion.verdicts({**error, "properties": {"message": "m", "level": "fatal"}})
    assert verdict["reason"]["code"] == "unexpected_value"
    assert "debug, info, warning, error, critical" in verdict["reason"]["message"]


def test_an_object_that_is_none_is_quarantined(ingestion: RunningIngestion) -> None:
    search = page_view(event_type="search", properties={"filters": "blue"})
    (verdict,) = ingestion.verdicts(search)
    assert verdict["reason"]["code"] == "wrong_type"
    assert verdict["reason"]["field"] == "properties.filters"


def test_an_event_type_is_live_once_its_file_is_saved(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    event = page_view(event_type="nap")
    with running_ingestion(warehouse, FOOTFALL_CATALOG_DIR=str(folder)) as ingestion:
        assert ingestion.statuses(event) == ["quarantined"]
        plan = folder / "user.yaml"
        plan.write_text(plan.read_text() + "  nap:\n    description: A nap.\n    example: {}\n")
        deadline = time.monotonic() + 5
        while ingestion.statuses(event) != ["stored"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        plan.write_text("no plan")
        time.sleep(1.5)
        assert ingestion.statuses(page_view(event_type="nap")) == ["stored"]
        health = ingestion.client.get(f"{ingestion.url}/health/").json()
    assert health["dependencies"]["catalogue"]["status"] == "stale"
    assert "user.yaml" in health["dependencies"]["catalogue"]["reason"]


def test_a_file_that_is_wrong_leaves_the_catalogue_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    catalogue = LiveCatalogue(folder)
    before = catalogue.current
    assert not catalogue.refresh()
    (folder / "user.yaml").write_text("category: user")
    assert not catalogue.refresh()
    assert catalogue.current is before
    assert catalogue.problem is not None
    shutil.copy(CATALOG / "user.yaml", folder)
    assert catalogue.refresh()
    assert catalogue.problem is None
