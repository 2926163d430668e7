"""The guide to adding a mart, followed to the letter in a copy of the dbt project."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import pipeline.dbt
from pipeline.dbt import PROJECT_DIRECTORY, dbt_project
from tests.conftest import Warehouse
from tests.dbt_project.conftest import build
from tests.pipeline.conftest import mart, settings_for
from warehouse.settings import PROJECT_ROOT, Settings

GUIDE = (PROJECT_ROOT / "docs" / "guides" / "add-a-mart.md").read_text()
FILE = r"^`(models/\S+)`.*?\n```\w+\n(.*?)```"
MONDAY = datetime(2024, 6, 3, 12, tzinfo=UTC)


@pytest.fixture
def project(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings under which the project has the guide's mart."""
    copy = tmp_path / "dbt_project"
    shutil.copytree(PROJECT_DIRECTORY, copy)
    for path, text in re.findall(FILE, GUIDE, re.DOTALL | re.MULTILINE):
        (copy / path).write_text(text)
    assert (copy / "models/marts/user/visits_by_country.sql").exists()
    monkeypatch.setattr(pipeline.dbt, "PROJECT_DIRECTORY", copy)
    return settings_for(warehouse).model_copy(update={"home": tmp_path})


def visit(user_id: str, country: str, days: int = 0) -> dict[str, object]:
    return {
        "user_id": user_id,
        "occurred_at": MONDAY + timedelta(days=days),
        "context": {"country": country},
    }


def test_the_mart_of_the_guide_is_published_and_follows_new_events(
    warehouse: Warehouse, project: Settings
) -> None:
    build(
        warehouse,
        "user",
        [visit("u1", "France"), visit("u2", "Austria")],
        [visit("u3", "France"), visit("u3", "France", days=1)],
        settings=project,
    )
    assert mart(warehouse, "visits_by_country", "date, country, visits, visitors") == [
        (date(2024, 6, 3), "Austria", 1, 1),
        (date(2024, 6, 3), "France", 2, 2),
        (date(2024, 6, 4), "France", 1, 1),
    ]
    unit_tests = ["test", "--select", "visits_by_country,test_type:unit"]
    assert len(dbt_project(project).invoke(unit_tests).results) == 1
