"""The guide to importing history: its example works."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ingestion.client import EventSender
from ingestion.importer.job import ImportJob, open_source
from ingestion.importer.mapping import built_in_names
from ingestion.importer.preview import preview
from ingestion.importer.readers.combined import COLUMNS
from ingestion.importer.schema import EVENT_FIELDS, FORMATS
from warehouse.settings import PROJECT_ROOT, load_settings

GUIDE = (PROJECT_ROOT / "docs" / "guides" / "import-history.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def test_the_example_makes_the_events_that_the_guide_shows(
    tmp_path: Path, sender: EventSender
) -> None:
    (tmp_path / "signups.csv").write_text(block("csv"))
    (tmp_path / "signups.yaml").write_text(block("yaml"))
    source = open_source(tmp_path / "signups.csv", "csv", str(tmp_path / "signups.yaml"))

    shown = preview(source, load_settings())
    tally = ImportJob(source, sender, tmp_path).run()

    expected = [json.loads(line) for line in block("json").splitlines()]
    events = [
        {name: value for name, value in event.items() if name != "event_id"}
        for event in shown.first_events
    ]
    assert events == expected
    assert (tally.verdicts["stored"], tally.skipped, tally.broken) == (3, 1, 0)


def test_the_guide_names_every_format_mapping_field_and_column() -> None:
    for name in (*FORMATS, *built_in_names(), *EVENT_FIELDS, *COLUMNS):
        assert f"`{name}`" in GUIDE, name
