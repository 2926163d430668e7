"""How far the spool has been landed, in a file."""

from __future__ import annotations

import logging
import os
import struct
import zlib
from typing import NamedTuple

logger = logging.getLogger(__name__)

_PLACE = struct.Struct("<QQ")
_CHECKSUM = struct.Struct("<I")


class Place(NamedTuple):
    """A place in the spool.

    Attributes:
        segment: Number of a segment.
        offset: Offset in it.
    """

    segment: int
    offset: int


def load_place(file: int) -> Place:
    """Return the place that a file holds.

    Where the file is new or damaged, it is the beginning: what has landed already is landed again,
    which changes nothing.

    Args:
        file: Its descriptor.
    """
    data = os.pread(file, _PLACE.size + _CHECKSUM.size, 0)
    place, checksum = data[: _PLACE.size], data[_PLACE.size :]
    if checksum != _CHECKSUM.pack(zlib.crc32(place)):
        return Place(0, 0)
    return Place(*_PLACE.unpack(place))


def save_place(file: int, place: Place) -> None:
    """Write a place over the one that a file holds, which takes no room on a full disk.

    Args:
        file: Its descriptor.
        place: The place.
    """
    data = _PLACE.pack(*place)
    try:
        os.pwrite(file, data + _CHECKSUM.pack(zlib.crc32(data)), 0)
    except OSError as error:
        logger.error("the position in the spool is not saved: %s", error.strerror)
