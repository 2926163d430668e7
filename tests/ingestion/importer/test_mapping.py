from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion.catalogue import LiveCatalogue
from ingestion.importer.mapping import built_in_names, choose_mapping, load_mapping
from ingestion.importer.schema import MappingError, missing_columns

SOUND: dict[str, Any] = {
    "description": "A test.",
    "time": {"column": "when"},
    "events": [{"event": "user/click"}],
}


def write(folder: Path, **changes: Any) -> str:
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump({**SOUND, **changes}))
    return str(path)


@pytest.mark.parametrize("name", built_in_names())
def test_a_built_in_mapping_is_sound_and_names_only_catalogued_event_types(name: str) -> None:
    catalogue = LiveCatalogue().current
    for rule in load_mapping(name).events:
        if rule.event is not None:
            assert catalogue.find(*rule.event.split("/")), rule.event


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colums": []}, "colums: there is no such key"),
        ({"time": {}}, "time.column: is missing: add it"),
        ({"time": {"column": "when", "format": "yyyy"}}, "time.format: 'yyyy' is none of iso"),
        ({"time": {"column": "when", "zone": "Mars/North"}}, "time.zone: there is no time zone"),
        ({"events": []}, "events: is empty"),
        ({"events": [{"event": "click"}]}, "events[0].event: 'click' is no category/event_type"),
        ({"events": [{"when": {}}]}, "events[0]: needs one of event, category with event_type"),
        (
            {"events": [{"event": "user/click", "when": {"a": {"matches": "("}}}]},
            "events[0].when.a: '(' is no regular expression",
        ),
        ({"fields": {"colour": "c"}}, "fields.colour: an event has no such field"),
        ({"context": {"colour": "c"}}, "context.colour: the context has no such key"),
        ({"fields": {"value": {"as": "money"}}}, "fields.value.as: invalid enum value 'money'"),
        (
            {"fields": {"value": {"column": "a", "constant": 1}}},
            "fields.value: needs exactly one of column, constant",
        ),
        ({"fields": {"currency": {"option": "money"}}}, "there is no option 'money': add it"),
        ({"fields": {"user_id": {"template": "me"}}}, "the template has no column in braces"),
        ({"csv": {"delimiter": "||"}}, "csv.delimiter: must be one character"),
        ({"csv": {"encoding": "klingon"}}, "csv.encoding: there is no encoding klingon"),
        ({"csv": {"header": False}}, "columns: is missing"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_with_the_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(MappingError) as caught:
        load_mapping(write(tmp_path, **changes))
    assert message in str(caught.value)
    assert "mapping.yaml" in str(caught.value)


def test_a_mapping_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(MappingError, match="clickstream_2024, combined, multistore_2019"):
        load_mapping("nonsense")


def test_an_option_that_a_mapping_does_not_have_is_refused() -> None:
    with pytest.raises(MappingError, match="has no option 'money'; it has: currency"):
        load_mapping("multistore_2019").option_values({"money": "USD"})


def test_the_mapping_with_most_of_the_columns_is_chosen() -> None:
    columns = [*load_mapping("multistore_2019").columns, "category", "occurred_at"]
    assert choose_mapping("csv", columns).name == "multistore_2019"
    assert choose_mapping("combined", ["ip"]).name == "combined"


def test_columns_that_no_built_in_mapping_has_are_named() -> None:
    with pytest.raises(MappingError, match=r"columns of this file \(colour, size\)"):
        choose_mapping("csv", ["colour", "size"])


def test_a_column_that_the_file_lacks_is_found_wherever_the_mapping_uses_it(tmp_path: Path) -> None:
    mapping = load_mapping(
        write(
            tmp_path,
            optional=["maybe"],
            fields={"user_id": "a", "value": {"template": "{b}-{c}"}, "session_id": "maybe"},
            events=[
                {"event": "user/click", "when": {"d": 1}, "properties": {"x": {"hash": ["e"]}}}
            ],
        )
    )
    assert missing_columns(mapping, ["a"]) == ["b", "c", "d", "e", "when"]
