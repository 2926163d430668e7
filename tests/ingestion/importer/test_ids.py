from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.event import NAMESPACE
from ingestion.importer import ids
from ingestion.importer.ids import EventIds, RepeatedRows, row_hash


def repeated_in(rows: list[bytes]) -> frozenset[int]:
    with RepeatedRows() as repeats:
        repeats.add(rows)
        return repeats.find()


def test_an_id_is_the_version_5_uuid_of_row_ordinal_and_event() -> None:
    namespace = uuid.uuid5(uuid.uuid5(NAMESPACE, "import"), "web-1")
    expected = uuid.uuid5(namespace, "a row\x003\x00user/page_view")

    made = EventIds("web-1", frozenset()).event_id(b"a row", 3, "user/page_view")

    assert uuid.UUID(made) == expected
    assert made == str(expected)


def test_equal_rows_get_different_ids_and_the_same_at_every_import() -> None:
    rows = [b"twice", b"once", b"twice"]

    def ids_of_file() -> list[str]:
        event_ids = EventIds("", repeated_in(rows))
        ordinals = event_ids.ordinals(rows)
        return [
            event_ids.event_id(row, ordinal, "user/click")
            for row, ordinal in zip(rows, ordinals, strict=True)
        ]

    first = ids_of_file()
    assert len(set(first)) == 3
    assert first == ids_of_file()


def test_rows_of_two_sources_are_different_events() -> None:
    one, other = (EventIds(name, frozenset()).event_id(b"row", 0, "a/b") for name in "ab")
    assert one != other


@given(rows=st.lists(st.binary(max_size=2), max_size=60), limit=st.integers(1, 20))
def test_repeated_rows_are_found_whether_or_not_they_fit_into_memory(
    rows: list[bytes], limit: int
) -> None:
    expected = {row_hash(row) for row, count in Counter(rows).items() if count > 1}
    with pytest.MonkeyPatch.context() as patch, RepeatedRows() as repeats:
        patch.setattr(ids, "_IN_MEMORY", limit)
        for start in range(0, len(rows), 3):
            repeats.add(rows[start : start + 3])
        assert repeats.find() == expected
