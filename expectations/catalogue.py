"""What the tracking plan allows, read from its YAML files."""

from __future__ import annotations

from pathlib import Path

import yaml

from warehouse.settings import PROJECT_ROOT

CATALOGUE = PROJECT_ROOT / "ingestion" / "catalog"


def event_names(directory: Path = CATALOGUE) -> list[str]:
    """Return every event of the catalogue as ``category/event_type``, sorted."""
    return sorted(
        f"{path.stem}/{event_type}"
        for path in directory.glob("*.yaml")
        for event_type in yaml.safe_load(path.read_text())["events"]
    )
