"""What is written into the catalogue's files says what it shall, and all else stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ingestion.catalogue_edit import add_event_type
from ingestion.catalogue_words import Words
from ingestion.catalogue_yaml import with_event_type
from ingestion.plan import CATALOG, CategorySpec, read_plan

ODD = """\
# What grows.
category: garden   # by name
description: 'What grows.'
keep_days: 0365
personal: no
sent_by:
  - canonical
fields: &plant
  entity_id: {description: the plant, example: 010}


event_types:
  # the first
  rose_cut: &cut
    description: "A rose was cut."
    example: &when
      occurred_at: 2026-11-21
      properties: {stems: 1_000, on: true}
  lonely:
    <<: *cut
    description: |
      Nothing
      happened.
    example: &unused {}
  # the end
"""


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_file_keeps_every_character_when_an_event_type_is_added(path: Path) -> None:
    before = path.read_text()
    spec = read_plan()[path.stem]
    after = with_event_type(before, spec, "brand_new", {"description": "New.", "example": {}})
    added = "  brand_new:\n    description: New.\n    example: {}\n"
    assert after == before + added


def test_comments_anchors_and_odd_spellings_stay(tmp_path: Path) -> None:
    (tmp_path / "garden.yaml").write_text(ODD)
    text = add_event_type(tmp_path, "garden", "rain", Words("It rained.")).after
    assert (tmp_path / "garden.yaml").read_text() == text
    for kept in (
        "# What grows.\ncategory: garden   # by name\ndescription: 'What grows.'\n",
        "keep_days: 0365\npersonal: no\n",
        "fields: &plant\n",
        "example: 010}\n\n\nevent_types:\n  # the first\n  rose_cut: &cut\n",
        "properties: {stems: 1_000, on: true}",
        "    <<: *cut\n    description: |\n      Nothing\n      happened.\n",
        "    example: &unused {}\n",
        "  # the end\n",
    ):
        assert kept in text
    then, now = yaml.safe_load(ODD), yaml.safe_load(text)
    rain = now["event_types"].pop("rain")
    assert now == then
    assert rain == {"description": "It rained.", "example": {}}


def test_an_event_type_that_others_refer_to_is_replaced_without_them(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(CATALOG, folder)
    before = read_plan(folder)["community"].event_types
    words = Words("Looked at.", examples=["entity_id=9"])
    add_event_type(folder, "community", "view", words, replaces=True)
    after = read_plan(folder)["community"].event_types
    assert after.pop("view").example == {"user_id": "u-17", "entity_id": "9"}
    before.pop("view")
    assert after == before
    assert list(after) == list(before)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.sampled_from(["yes", "on", "null", "~", "1e3", "0x1F", "12:30:00", "2026-11-21", "=", "<<"]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
)
def test_any_text_is_written_so_that_it_is_read_as_it_was(
    description: str, name: str, value: object
) -> None:
    category = CategorySpec("garden", "What grows.", {}, 1, personal=False)
    content = {
        "description": description,
        "example": {"user_id": name, "properties": {name: value}},
    }
    text = with_event_type("", category, "rose_cut", content)
    again = with_event_type(text, category, name, content)
    assert yaml.safe_load(again)["event_types"] == {"rose_cut": content, name: content}
