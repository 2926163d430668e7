"""Write keys: who may send events, and as which source.

A key is stored nowhere: the database has its SHA-256. Keys are long and random, so a slow hash
would protect nothing further.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from ingestion.sender import Sender

if TYPE_CHECKING:
    from warehouse.connections import Connection

logger = logging.getLogger(__name__)

QUERY = """
select key_hash, name, source, scopes, allowed_origins
from ops.write_keys
where revoked_at is null
"""
MAX_AGE_SECONDS = 2.0
_PREFIX = "fw_"  # lets secret scanners and people recognise one
_MISS_INTERVAL_SECONDS = 0.25
_CATEGORY = "ingest:"  # a scope of one category; the scope "ingest" is all of them


def hash_key(key: str) -> bytes:
    """Return the SHA-256 of a write key: what the database has of it."""
    return hashlib.sha256(key.encode()).digest()


def create_key(connection: Connection, *, name: str, source: str) -> str:
    """Create a write key.

    Args:
        connection: Of the owner.
        name: What people call it; unique.
        source: Source of the events that are sent with it.

    Returns:
        The key, which cannot be had again.

    Raises:
        psycopg.errors.UniqueViolation: The name is taken.
    """
    key = _PREFIX + secrets.token_urlsafe(32)
    connection.execute(
        "insert into ops.write_keys (key_hash, name, source) values (%s, %s, %s)",
        (hash_key(key), name, source),
    )
    return key


def ensure_key(connection: Connection, *, name: str, source: str, key: str) -> None:
    """Make sure that a write key of this name is valid; it replaces an earlier one of the name.

    Args:
        connection: Of the owner.
        name: What people call it.
        source: Source of the events that are sent with it.
        key: The key.
    """
    connection.execute(
        "insert into ops.write_keys as known (key_hash, name, source) values (%s, %s, %s)"
        " on conflict (name) do update"
        " set key_hash = excluded.key_hash, source = excluded.source, revoked_at = null"
        " where (known.key_hash, known.source) <> (excluded.key_hash, excluded.source)"
        " or known.revoked_at is not null",
        (hash_key(key), name, source),
    )


def revoke_key(connection: Connection, *, name: str) -> bool:
    """Revoke a write key; ingestion refuses it within seconds.

    Args:
        connection: Of the owner.
        name: What people call it.

    Returns:
        Whether there was a valid key of that name.
    """
    cursor = connection.execute(
        "update ops.write_keys set revoked_at = now() where name = %s and revoked_at is null",
        (name,),
    )
    return cursor.rowcount > 0


class KeyRing:
    """The valid write keys, as read a moment ago."""

    def __init__(self, fetch: Callable[[str], Awaitable[Sequence[Any]]]) -> None:
        """Create an empty ring.

        Args:
            fetch: Runs :data:`QUERY`, and returns its rows.
        """
        self._fetch = fetch
        self._senders: dict[bytes, tuple[bytes, Sender]] = {}
        self._read_at: float | None = None
        self._is_stale = False
        self._lock = asyncio.Lock()

    async def find(self, digest: bytes) -> Sender | None:
        """Return whom a key stands for; None where it is unknown or revoked.

        A key created a moment ago is found at once; one revoked is refused after at most
        :data:`MAX_AGE_SECONDS`. While Postgres is away, the keys last read stay valid.

        Args:
            digest: What :func:`hash_key` makes of the key.

        Raises:
            OSError: Postgres is away, and no keys were ever read; so too the errors of ``fetch``.
        """
        if self._age() > MAX_AGE_SECONDS:
            await self._refresh(MAX_AGE_SECONDS)
        found = self._senders.get(digest)
        if found is None and self._age() > _MISS_INTERVAL_SECONDS:
            await self._refresh(_MISS_INTERVAL_SECONDS)
            found = self._senders.get(digest)
        if found is None or not hmac.compare_digest(found[0], digest):
            return None
        return found[1]

    @property
    def count(self) -> int:
        """How many keys are valid."""
        return len(self._senders)

    @property
    def is_stale(self) -> bool:
        """Whether the keys could not be read when last tried, so that older ones are in force."""
        return self._is_stale

    def _age(self) -> float:
        return float("inf") if self._read_at is None else time.monotonic() - self._read_at

    async def _refresh(self, max_age: float) -> None:
        async with self._lock:
            if self._age() <= max_age:  # somebody else has just done it
                return
            try:
                rows = await self._fetch(QUERY)
            except Exception:
                if self._read_at is None:
                    raise
                logger.warning("write keys not refreshed: Postgres is away")
                self._read_at = time.monotonic()
                self._is_stale = True
                return
            self._senders = {bytes(row[0]): (bytes(row[0]), _sender(*row[1:])) for row in rows}
            self._read_at = time.monotonic()
            self._is_stale = False


def _sender(name: str, source: str, scopes: list[str], origins: list[str]) -> Sender:
    """Return whom a row of ``ops.write_keys`` stands for."""
    categories = frozenset(
        scope.removeprefix(_CATEGORY) for scope in scopes if scope.startswith(_CATEGORY)
    )
    return Sender(name, source, categories=categories or None, allowed_origins=frozenset(origins))
