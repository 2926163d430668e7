"""What the tracking plan allows, read from its YAML files."""

from __future__ import annotations

from pathlib import Path

import yaml


def event_names(directory: Path) -> list[str]:
    """Return every event of the catalogue as ``category/event_type``, sorted.

    Args:
        directory: Where the YAML files are, one for each category.

    Raises:
        FileNotFoundError: There are none.
    """
    plans = [
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in directory.glob("*.yaml")
    ]
    if not plans:
        raise FileNotFoundError(f"{directory} holds no catalogue files (*.yaml)")
    return sorted(
        f"{plan['category']}/{event_type}" for plan in plans for event_type in plan["event_types"]
    )
