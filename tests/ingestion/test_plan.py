"""The YAML files of the tracking plan: what is wrong in one is said with file, type and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.plan import PlanError, read_plan

PLAN = """
category: garden
description: What grows.
keep_days: 30
personal: false
sent_by: [canonical]
fields:
  entity_id: {description: the plant}
event_types:
  rose_cut:
    description: A rose was cut.
    personal: true
    fields:
      properties.stems: {type: integer, minimum: 0, description: how many}
    example: {entity_id: rose}
  rain:
    description: It rained.
    keep_days: 7
    fields:
      entity_id: null
    example: {}
"""


def test_event_types_take_over_what_their_category_says(tmp_path: Path) -> None:
    (tmp_path / "garden.yaml").write_text(PLAN)
    types = read_plan(tmp_path)["garden"].event_types
    assert list(types["rose_cut"].fields) == ["entity_id", "properties.stems"]
    assert (types["rose_cut"].keep_days, types["rose_cut"].personal) == (30, True)
    assert list(types["rain"].fields) == []
    assert (types["rain"].keep_days, types["rain"].personal) == (7, False)
    assert types["rain"].sent_by == ["canonical"]


@pytest.mark.parametrize(
    ("text", "mistake", "message"),
    [
        ("type: integer", "type: whole", "Invalid enum value 'whole'"),
        ("type: integer, ", "", "rose_cut: properties.stems: type is missing"),
        ("type: integer", "type: string", "rose_cut: properties.stems: minimum and maximum need"),
        ("type: integer, minimum: 0", "type: integer, minimum: 2, maximum: 1", "minimum is above"),
        ("type: integer, minimum: 0", "type: string, allowed: [1]", "allowed must list values"),
        ("type: integer, minimum: 0", "type: array, allowed: [a]", "allowed needs the type"),
        ("properties.stems", "stems", "rose_cut: stems: is no field of an event"),
        ("properties.stems", "context.stems", "rose_cut: context.stems: is no field of an event"),
        ("properties.stems", "properties.theStems", "properties.theStems: is no field"),
        ("{description: the plant}", "{description: the plant, type: number}", "always string"),
        ("description: how many", "describe: how many", "unknown field `describe`"),
        ("rose_cut:", "RoseCut:", "'RoseCut' is not snake_case"),
        ("category: garden", "category: gardens", "must be the file's name"),
        ("keep_days: 7", "keep_days: 0", "rain: keep_days: must be at least 1"),
        ("keep_days: 30", "keep_days: a month", "Expected `int`, got `str` - at `$.keep_days`"),
        ("  rain:", "  rose_cut:", "'rose_cut' is there twice"),
        ("event_types:", "event_types: [", "while parsing"),
    ],
)
def test_a_mistake_in_the_plan_is_named(
    tmp_path: Path, text: str, mistake: str, message: str
) -> None:
    assert text in PLAN
    (tmp_path / "garden.yaml").write_text(PLAN.replace(text, mistake))
    with pytest.raises(PlanError) as raised:
        read_plan(tmp_path)
    assert str(raised.value).startswith("garden.yaml: ")
    assert message in str(raised.value)


def test_an_empty_catalogue_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="holds no catalogue files"):
        read_plan(tmp_path)
