"""The gate takes the names of events from the tracking plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.catalogue import event_names
from warehouse.settings import Settings


def test_every_event_of_every_category_is_known(tmp_path: Path) -> None:
    for category, event_types in {
        "user": "{login: {}, logout: {}}",
        "geo": "{blocked: {}}",
    }.items():
        (tmp_path / f"{category}.yaml").write_text(
            f"category: {category}\nevent_types: {event_types}\n"
        )
    assert event_names(tmp_path) == ["geo/blocked", "user/login", "user/logout"]


def test_a_missing_catalogue_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no catalogue files"):
        event_names(tmp_path)


def test_the_projects_own_catalogue_is_read(settings: Settings) -> None:
    names = event_names(settings.catalog_dir)
    assert {"user/page_view", "product/purchase", "system/api_request"} <= set(names)
