"""Where visitors are, by IP address: the database in force, which follows its files."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from pathlib import Path

from ingestion.addresses import Address
from ingestion.place_databases import (
    NOWHERE,
    Database,
    MaxMindFiles,
    Place,
    RegistryCountries,
    UnreadableDatabaseError,
)

logger = logging.getLogger(__name__)

GEO_DIRECTORY = "geo"  # in the state directory: what `footfall geo install` fetched
_DISTINCT = 16_384
_LOOK_SECONDS = 2.0
_UNREADABLE = "{} is not in force, and no places are derived: {}"

Stamp = tuple[tuple[str, int, int, int], ...]


class Places:
    """Finds places; opens its database when it is first asked."""

    def __init__(self, chosen: Path | None, home: Path) -> None:
        """Choose a database.

        Args:
            chosen: A file, or a directory of ``.mmdb`` files; None: what is installed in the state
                directory, else the countries that come along.
            home: The state directory.
        """
        self._chosen = chosen
        self._directory = home / GEO_DIRECTORY
        self._database: Database | None = None
        self._seen: Stamp | None = None
        self._looked_at = float("-inf")
        self._problem: str | None = None
        self._find = lru_cache(_DISTINCT)(self._look_up)

    def find(self, address: Address) -> Place:
        """Return where an address is; nowhere where the database does not know or is no use."""
        self._follow()
        return self._find(address)

    def state(self) -> tuple[str | None, str | None]:
        """Return what the database is, and why it is not in force; None where it is."""
        self._follow()
        if not self._files():
            return RegistryCountries.label, self._problem
        database = self._opened()
        return None if database is None else database.label, self._problem

    def _look_up(self, address: Address) -> Place:
        database = self._opened()
        if database is None:
            return NOWHERE
        try:
            return database.find(address)
        except UnreadableDatabaseError as error:
            self._fail(error)
            return NOWHERE

    def _opened(self) -> Database | None:
        if self._database is None and self._problem is None:
            paths = self._files()
            try:
                self._database = MaxMindFiles(paths) if paths else RegistryCountries()
            except UnreadableDatabaseError as error:
                self._fail(error)
        return self._database

    def _fail(self, error: UnreadableDatabaseError) -> None:
        self._database = None
        name = self._chosen.name if self._chosen else GEO_DIRECTORY
        self._problem = _UNREADABLE.format(name, error)
        logger.error("%s", self._problem)

    def _follow(self) -> None:
        """Look now and then whether the files have changed; if so, open them anew."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        stamp = _stamp(self._files())
        if stamp != self._seen:
            self._seen = stamp
            self._database = None
            self._problem = None
            self._find.cache_clear()

    def _files(self) -> list[Path]:
        if self._chosen is not None and not self._chosen.is_dir():
            return [self._chosen]
        return sorted((self._chosen or self._directory).glob("*.mmdb"))


@lru_cache(maxsize=1)
def open_places(chosen: Path | None, home: Path) -> Places:
    """Return the places of a database, the same as the last time where the database is the same.

    Args:
        chosen: As :class:`Places` takes it.
        home: The state directory.
    """
    return Places(chosen, home)


def _stamp(paths: list[Path]) -> Stamp:
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((path.name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
