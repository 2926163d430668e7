"""Framing: whatever a crash or the disk does to a file, every whole record is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.frames import Piece, State, UnknownVersionError, frame, scan

PAYLOADS = st.lists(st.binary(max_size=60), min_size=1, max_size=8)


def whole(data: bytes) -> list[bytes]:
    """Return what the whole records in a file say."""
    return [piece.payload for piece in scan(data) if piece.state is State.WHOLE]


def file_of(payloads: list[bytes]) -> bytes:
    return b"".join(frame(payload, number) for number, payload in enumerate(payloads))


@given(PAYLOADS)
def test_what_is_framed_comes_back_whole_and_in_order(payloads: list[bytes]) -> None:
    pieces = list(scan(file_of(payloads)))
    assert [(piece.payload, piece.events) for piece in pieces] == [
        (payload, number) for number, payload in enumerate(payloads)
    ]


@given(PAYLOADS, st.data())
def test_a_cut_costs_the_record_that_it_goes_through_and_no_other(
    payloads: list[bytes], data: st.DataObject
) -> None:
    file = file_of(payloads)
    cut = file[: data.draw(st.integers(0, len(file)))]
    found = whole(cut)
    assert found == payloads[: len(found)]
    rest = [piece for piece in scan(cut) if piece.state is not State.WHOLE]
    assert len(cut) == len(file_of(found)) + sum(piece.end - piece.start for piece in rest)
    assert [piece.state for piece in rest] == [State.TORN] * len(rest)
    assert len(rest) <= 1


@given(PAYLOADS, st.data())
def test_a_flipped_byte_costs_one_record_and_never_passes_for_a_torn_end(
    payloads: list[bytes], data: st.DataObject
) -> None:
    file = bytearray(file_of(payloads))
    where = data.draw(st.integers(0, len(file) - 1))
    file[where] ^= data.draw(st.integers(1, 255))
    pieces = list(scan(bytes(file)))
    (damaged,) = [piece for piece in pieces if piece.state is not State.WHOLE]
    assert damaged.state is State.DAMAGED
    assert damaged.start <= where < damaged.end
    lost = next(number for number, piece in enumerate(pieces) if piece is damaged)
    assert whole(bytes(file)) == payloads[:lost] + payloads[lost + 1 :]


@given(PAYLOADS, st.binary(max_size=200))
def test_every_byte_belongs_to_one_piece_whatever_stands_in_between(
    payloads: list[bytes], noise: bytes
) -> None:
    file = frame(b"first", 1) + noise + file_of(payloads)
    pieces = list(scan(file))
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == len(file)
    assert whole(file)[-len(payloads) :] == payloads


def test_room_that_a_file_was_given_and_never_filled_is_torn() -> None:
    file = frame(b"first", 1)
    assert list(scan(file + bytes(500)))[1:] == [Piece(State.TORN, len(file), len(file) + 500)]


def test_a_record_of_a_later_version_is_not_taken_for_a_damaged_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as later:
        later.setattr("ingestion.frames.VERSION", 2)
        file = frame(b"of the future", 1)
    with pytest.raises(UnknownVersionError, match="version 2"):
        list(scan(file))
