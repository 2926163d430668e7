"""Corrections change what they name and nothing else, and no number loses a digit."""

from __future__ import annotations

import copy
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.quarantine.corrections import CorrectionError, Corrections, replacement
from ingestion.quarantine.paths import PathError, parse_path, spell_path


class Number(NamedTuple):
    """A number as written."""

    text: str


NAMES = st.text(max_size=5)
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
).map(Number)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


def spelt(value: object) -> str:
    """Return a value as JSON."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        fields = [f"{json.dumps(name)}: {spelt(child)}" for name, child in value.items()]
        return f"{{{', '.join(fields)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(spelt, value))}]"
    return json.dumps(value)


def read(text: str) -> Any:
    """Return JSON with its numbers as written."""
    return json.loads(text, parse_int=Number, parse_float=Number)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of all that is in a value."""
    below: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    return [one for step, child in below for one in [(*path, step), *paths(child, (*path, step))]]


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    """Return what stands at a path."""
    for step in path:
        document = document[step]
    return document


def correct(text: str, **words: list[str]) -> Any:
    """Return a document as corrections leave it."""
    corrections = Corrections.parse(**{"renames": [], "unsets": [], "sets": [], **words})
    return read(corrections.apply(text))


@given(st.lists(NAMES | st.integers(0, 999), min_size=1, max_size=5))
def test_a_path_that_is_spelt_is_read_as_it_was(steps: list[str | int]) -> None:
    path = ("first", *steps)
    assert parse_path(spell_path(path)) == path


@given(DOCUMENTS)
def test_a_correction_that_does_not_apply_changes_nothing(document: dict[str, Any]) -> None:
    words = {"unsets": ["not.there"], "renames": ["not.there=neither"]}
    assert correct(spelt(document), **words) == document


@given(DOCUMENTS, st.data())
def test_setting_a_field_changes_that_field_alone(
    document: dict[str, Any], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([("brand-new", "field"), *paths(document)]))
    value = data.draw(VALUES)
    changed = correct(spelt(document), sets=[f"{spell_path(path)}={spelt(value)}"])
    assert at(changed, path) == value
    expected = copy.deepcopy(document)
    if path == ("brand-new", "field"):
        expected["brand-new"] = {"field": value}
    else:
        at(expected, path[:-1])[path[-1]] = value
    assert changed == expected


@given(DOCUMENTS, st.data())
def test_removing_a_field_leaves_all_others(document: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([("not", "there"), *paths(document)]))
    expected = copy.deepcopy(document)
    if path in paths(document):
        del at(expected, path[:-1])[path[-1]]
    assert correct(spelt(document), unsets=[spell_path(path)]) == expected


@given(DOCUMENTS, st.data())
def test_renaming_a_field_there_and_back_changes_nothing(
    document: dict[str, Any], data: st.DataObject
) -> None:
    names = [(name,) for name in document]
    path = data.draw(st.sampled_from([("not there",), *names]))
    there = correct(spelt(document), renames=[f"{spell_path(path)}=elsewhere.moved"])
    if path in names:
        assert at(there, ("elsewhere", "moved")) == document[path[0]]
    back = correct(spelt(there), renames=[f"elsewhere.moved={spell_path(path)}"])
    back.pop("elsewhere", None)
    assert back == document


@pytest.mark.parametrize(
    ("given_text", "value"),
    [
        ("29.990", Number("29.990")),
        ("1e999", Number("1e999")),
        ('"42"', "42"),
        ("007", "007"),
        ("NaN", "NaN"),
        ("29,99", "29,99"),
        ("", ""),
        ("a=b", "a=b"),
        ("null", None),
        ('{"a": [1]}', {"a": [Number("1")]}),
    ],
)
def test_a_value_is_json_where_it_is_else_text(given_text: str, value: object) -> None:
    assert correct("{}", sets=[f"properties.x={given_text}"]) == {"properties": {"x": value}}


def test_a_name_with_a_sign_or_a_point_is_written_in_quotes() -> None:
    assert correct("{}", sets=['properties."a.b=c"=1']) == {"properties": {"a.b=c": Number("1")}}


def test_renames_come_first_then_removals_then_what_is_set() -> None:
    changed = correct('{"a": 1, "b": 2}', renames=["a=c"], unsets=["b", "c"], sets=["b=3"])
    assert changed == {"b": Number("3")}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"renames": ["a=b"]}, "b is there already"),
        ({"sets": ["a.b=1"]}, "a.b leads nowhere: a is not an object"),
        ({"sets": ["list[3]=1"]}, "list[3] leads nowhere"),
        ({"sets": ["list[3].x=1"]}, "leads nowhere: list is not an array with that many"),
        ({"sets": ["list.x=1"]}, "list.x leads nowhere: list is not an object"),
    ],
)
def test_a_path_that_meets_something_else_is_told(
    words: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(PathError) as raised:
        correct('{"a": 1, "b": 2, "list": [1]}', **words)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "5", "not json", "[" * 100_000])
def test_what_is_no_json_object_cannot_be_corrected_by_its_fields(text: str) -> None:
    with pytest.raises(CorrectionError, match="--from-file FILE"):
        correct(text, unsets=["a"])


def test_half_a_surrogate_pair_can_be_set_to_something_else_but_not_stay() -> None:
    text = r'{"user_id": "\ud800", "value": 1.0}'
    assert correct(text, sets=["user_id=u"]) == {"user_id": "u", "value": Number("1.0")}
    with pytest.raises(CorrectionError, match="half a surrogate pair"):
        correct(text, sets=["value=2"])


@pytest.mark.parametrize("text", ['{"a": NaN}', "[]", "", '{"a": "\udcff"}'])
def test_a_replacement_is_json_without_fault(text: str) -> None:
    with pytest.raises(CorrectionError, match="no JSON object"):
        replacement(text)
