"""What was removed, as ``ops.removals`` remembers it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from warehouse.connections import Connection


@dataclass(frozen=True)
class Removal:
    """What went, or would go.

    Attributes:
        what: Table, such as ``raw.events``, or kind of file.
        removed: Rows, or files.
        is_whole: Whether a partition was dropped.
        size: Bytes on disk; None where nobody knows.
        oldest: Time of the oldest; None where there is none.
        newest: Time before which all of it is.
        archive: File that holds it now.
    """

    what: str
    removed: int
    is_whole: bool = False
    size: int | None = None
    oldest: dt.datetime | None = None
    newest: dt.datetime | None = None
    archive: str | None = None


def note_removal(connection: Connection, removal: Removal) -> None:
    """Write a removal down, in the transaction that removes."""
    connection.execute(
        "insert into ops.removals (what, is_whole, removed, bytes, oldest, newest, archive)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (
            removal.what,
            removal.is_whole,
            removal.removed,
            removal.size,
            removal.oldest,
            removal.newest,
            removal.archive,
        ),
    )
