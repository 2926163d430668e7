"""How records stand in a file of the spool, so that what a crash or the disk did to them shows.

A file is one frame after another; a frame is a header and a payload. Numbers are little-endian.

    bytes    what
    0 to 3   ``FFSP``
    4        version of the payload
    5 to 8   length of the payload
    9 to 12  number of events in it
    13 to 16 CRC-32 of the payload
    17 to 20 CRC-32 of the header up to here
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

VERSION = 1
_MARKER = b"FFSP"
_HEADER = struct.Struct("<4sBIII")
_CHECKSUM = struct.Struct("<I")
_HEADER_BYTES = _HEADER.size + _CHECKSUM.size


class State(Enum):
    """How a piece of a file is."""

    WHOLE = auto()  # a record
    DAMAGED = auto()  # was one, or several
    TORN = auto()  # the beginning of one whose end was never written


class Piece(NamedTuple):
    """A piece of a file.

    Attributes:
        state: How it is.
        start: Offset of its first byte.
        end: Offset behind its last byte.
        events: Number of events, where it is whole.
        payload: What the record says, where it is whole.
    """

    state: State
    start: int
    end: int
    events: int = 0
    payload: bytes = b""


class UnknownVersionError(Exception):
    """A record was written by a later version, and can be read by that one alone."""


def frame(payload: bytes, events: int) -> bytes:
    """Return a payload with its header.

    Args:
        payload: What the record says.
        events: Number of events in it.
    """
    header = _HEADER.pack(_MARKER, VERSION, len(payload), events, zlib.crc32(payload))
    return header + _CHECKSUM.pack(zlib.crc32(header)) + payload


def scan(data: bytes) -> Iterator[Piece]:
    """Tell the records of a file apart; every byte belongs to one piece.

    A wrong payload costs one record, for its header tells where the next begins. Where a header is
    wrong, the next right one is searched for.

    Args:
        data: The file from any record on.

    Raises:
        UnknownVersionError: A record is of another version.
    """
    start = 0
    while start < len(data):
        piece = _read(data, start)
        yield piece
        start = piece.end


def _read(data: bytes, start: int) -> Piece:
    header = _read_header(data, start)
    if header is None:
        rest = data[start:]
        is_cut_short = len(rest) < _HEADER_BYTES and _MARKER.startswith(rest[: len(_MARKER)])
        # a file may have grown before what was to be written into it reached the disk
        if is_cut_short or not rest.strip(b"\x00"):
            return Piece(State.TORN, start, len(data))
        return Piece(State.DAMAGED, start, _next_header(data, start + 1))
    length, events, checksum = header
    begin = start + _HEADER_BYTES
    end = begin + length
    if end > len(data):
        return Piece(State.TORN, start, len(data))
    payload = data[begin:end]
    if zlib.crc32(payload) != checksum:
        return Piece(State.DAMAGED, start, end)
    return Piece(State.WHOLE, start, end, events, payload)


def _read_header(data: bytes, start: int) -> tuple[int, int, int] | None:
    """Return length, number of events and checksum; None where there is no header."""
    header = data[start : start + _HEADER.size]
    behind = data[start + _HEADER.size : start + _HEADER_BYTES]
    if not header.startswith(_MARKER) or behind != _CHECKSUM.pack(zlib.crc32(header)):
        return None
    _, version, length, events, checksum = _HEADER.unpack(header)
    if version != VERSION:
        raise UnknownVersionError(f"version {version}, and this is version {VERSION}")
    return length, events, checksum


def _next_header(data: bytes, start: int) -> int:
    """Return where the next header is; the end of the data where there is none."""
    while (start := data.find(_MARKER, start)) >= 0:
        if _read_header(data, start) is not None:
            return start
        start += 1
    return len(data)
