"""The salt of the day, with which addresses are hashed, shared by all replicas of ingestion.

Whoever is first makes it. It is deleted after the next day, and then nobody can tell any more which
address a hash stands for, nor whether two days saw the same one.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

logger = logging.getLogger(__name__)

_BYTES = 32
_LOOK_SECONDS = 5
_AHEAD = dt.timedelta(minutes=10)  # so that all have the next day's at midnight
_MAKE = "insert into ops.address_salts (day, salt) values ($1, $2) on conflict do nothing"
_READ = "select salt from ops.address_salts where day = $1"
_FORGET = "delete from ops.address_salts where day < $1"

Fetch = Callable[..., Awaitable[Sequence[Any]]]


class AddressSalts:
    """The salts of today and, shortly before midnight, of tomorrow. Days are those of UTC."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        """Make a salt that stands in until the shared one is read.

        Args:
            fetch: Runs a query with its values as the ingest role, and returns its rows; without
                one, the salts stay in this process.
        """
        self._fetch = fetch
        self._salts: dict[dt.date, bytes] = {}
        self._shared: set[dt.date] = set()
        self._forgotten_on: dt.date | None = None

    def today(self) -> bytes:
        """Return today's salt: the shared one, or one of this process where that is not known."""
        return self._of(_now().date())

    async def follow(self) -> None:
        """Keep the salts shared, until cancelled; while Postgres is away, try again and again."""
        is_away = False
        while True:
            try:
                await self.share()
                is_away = False
            except Exception as error:
                if not is_away:
                    logger.warning("salts of addresses not shared: %s", type(error).__name__)
                is_away = True
            await asyncio.sleep(_LOOK_SECONDS)

    async def share(self) -> None:
        """Make the salts the same as those of all replicas, and delete those of days gone by.

        Raises:
            OSError: Postgres is away; so too the errors of ``fetch``.
        """
        now = _now()
        today = now.date()
        for day in [day for day in self._salts if day < today]:
            del self._salts[day]
            self._shared.discard(day)
        if self._fetch is None:
            return
        for day in {today, (now + _AHEAD).date()} - self._shared:
            await self._fetch(_MAKE, day, self._of(day))
            ((salt,),) = await self._fetch(_READ, day)
            self._salts[day] = bytes(salt)
            self._shared.add(day)
        if self._forgotten_on != today:
            await self._fetch(_FORGET, today - dt.timedelta(days=1))
            self._forgotten_on = today

    def _of(self, day: dt.date) -> bytes:
        salt = self._salts.get(day)
        if salt is None:
            salt = self._salts[day] = secrets.token_bytes(_BYTES)
        return salt


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
