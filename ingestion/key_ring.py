"""The valid write keys as ingestion knows them: those read last, also while Postgres is away."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ingestion.key_file import KeyFile, StoredKey
from ingestion.sender import Sender
from warehouse.origins import Origins
from warehouse.tokens import INGEST

logger = logging.getLogger(__name__)

QUERY = """
select name, key_hash, source, scopes, allowed_origins
from ops.write_keys
where revoked_at is null
order by name
"""
MAX_AGE_SECONDS = 2.0
_MISS_INTERVAL_SECONDS = 0.25


class KeyRing:
    """The valid write keys.

    Attributes:
        origins: All origins of web pages that any key lets send.
    """

    def __init__(
        self, fetch: Callable[[str], Awaitable[Sequence[Any]]], file: KeyFile | None = None
    ) -> None:
        """Know the keys in the file, until they are read from the database.

        Args:
            fetch: Runs :data:`QUERY`, and returns its rows.
            file: Where the keys are kept as last read.
        """
        self._fetch = fetch
        self._file = file
        self._keys: Sequence[StoredKey] = []
        self._senders: dict[bytes, tuple[bytes, Sender]] = {}
        self._read_at: float | None = None
        self._is_stale = False
        self._lock = asyncio.Lock()
        self.origins = Origins(())
        if file is not None:
            self._take(file.read())

    async def find(self, digest: bytes) -> Sender | None:
        """Return whom a key stands for; None where it is unknown or revoked.

        A key created a moment ago is found at once; one revoked is refused after at most
        :data:`MAX_AGE_SECONDS`. While Postgres is away, the keys last read stay valid.

        Args:
            digest: What ``ingestion.keys.hash_key`` makes of the key.

        Raises:
            OSError: Postgres is away, and no keys were ever read; so too the errors of ``fetch``.
        """
        if self._age() > MAX_AGE_SECONDS:
            await self._read(MAX_AGE_SECONDS)
        found = self._senders.get(digest)
        if found is None and self._age() > _MISS_INTERVAL_SECONDS:
            await self._read(_MISS_INTERVAL_SECONDS)
            found = self._senders.get(digest)
        if found is None or not hmac.compare_digest(found[0], digest):
            return None
        return found[1]

    async def refresh(self) -> None:
        """Read the keys anew where they are older than :data:`MAX_AGE_SECONDS`.

        Raises:
            OSError: As :meth:`find` does.
        """
        if self._age() > MAX_AGE_SECONDS:
            await self._read(MAX_AGE_SECONDS)

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

    async def _read(self, max_age: float) -> None:
        async with self._lock:
            if self._age() <= max_age:  # somebody else has just done it
                return
            try:
                rows = await self._fetch(QUERY)
            except Exception:
                if not self._senders and self._read_at is None:
                    raise
                logger.warning("write keys not refreshed: Postgres is away")
                self._read_at = time.monotonic()
                self._is_stale = True
                return
            keys = [
                StoredKey(name, bytes(key_hash), source, tuple(scopes), tuple(origins))
                for name, key_hash, source, scopes, origins in rows
            ]
            self._read_at = time.monotonic()
            self._is_stale = False
            if keys != self._keys:
                self._take(keys)
                if self._file is not None:
                    await asyncio.to_thread(self._file.write, keys)

    def _take(self, keys: Sequence[StoredKey]) -> None:
        self._keys = keys
        self._senders = {key.key_hash: (key.key_hash, _sender(key)) for key in keys}
        self.origins = Origins(origin for key in keys for origin in key.allowed_origins)


def _sender(key: StoredKey) -> Sender:
    """Return whom a key stands for; a scope that is not understood lets nothing through."""
    categories = None
    if INGEST not in key.scopes:
        categories = frozenset(
            scope.removeprefix(f"{INGEST}:")
            for scope in key.scopes
            if scope.startswith(f"{INGEST}:")
        )
    origins = frozenset(key.allowed_origins)
    return Sender(key.name, key.source, categories=categories, allowed_origins=origins)
