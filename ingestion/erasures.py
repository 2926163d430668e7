"""Who has been erased: events about these persons are dropped as they come in.

The database knows an erased person by a keyed hash alone, so that the list names nobody. A landing
that began before an erasure was committed may still commit after it: whoever erases commits the
erasure, waits for the landings under way (``lock table raw.events in share mode``), and then
deletes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import asyncpg

from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed
from ingestion.verdict import Reason

_QUERY = "select erasure_id, subject_hash from ops.erasures where erasure_id > $1"
_ERASED = Reason("erased_person", None, "the person was erased, and stays so: nothing is stored")


def subject_hash(kind: str, identifier: str, secret: bytes) -> bytes:
    """Return what the database has of an erased person: a keyed BLAKE2b of 32 bytes.

    Args:
        kind: ``user`` or ``anonymous``: what the id is one of.
        identifier: The id.
        secret: The installation's own, at most 64 bytes.
    """
    text = f"{kind}:{identifier}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, key=secret, digest_size=32).digest()


class Erasures:
    """The erased persons, as read a moment ago.

    Attributes:
        last: Number of the last erasure that is known here.
    """

    def __init__(self, secret: bytes) -> None:
        """Know of none yet.

        Args:
            secret: The installation's own, with which persons are hashed.
        """
        self._secret = secret
        self._hashes: set[bytes] = set()
        self.last = 0

    async def refresh(self, connection: asyncpg.Connection) -> None:
        """Read the erasures that are new."""
        for number, digest in await connection.fetch(_QUERY, self.last):
            self._hashes.add(bytes(digest))
            self.last = max(self.last, number)

    def apply(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items, with those about erased persons suppressed."""
        if not self._hashes:
            return items
        return [
            Suppressed(item.source, _ERASED)
            if not isinstance(item, Suppressed) and self._is_about_erased(item)
            else item
            for item in items
        ]

    def _is_about_erased(self, item: Event | Rejected) -> bool:
        known = [("user", item.user_id), ("anonymous", item.anonymous_id)]
        if isinstance(item, Rejected) and item.sender is not None:
            known.append(("user", item.sender.user_id))  # who goes into quarantine with it
        return any(
            identifier is not None and subject_hash(kind, identifier, self._secret) in self._hashes
            for kind, identifier in known
        )
