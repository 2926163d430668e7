"""Settings that follow ``footfall.env``: a change is in force at the next request."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from pydantic import ValidationError

from warehouse.settings import ENV_FILE, Settings

logger = logging.getLogger(__name__)


class LiveSettings:
    """The settings as the environment and the state directory's file say them now.

    Where to listen and where Postgres is are read at the start alone, by those who need it.

    Attributes:
        problem: Why the file as it is now is not in force; None where it is.
    """

    def __init__(self, settings: Settings) -> None:
        """Take settings over, and follow the file of their state directory from now on."""
        self._path: Path = settings.home / ENV_FILE
        self._settings = settings
        self._seen = self._stamp()
        self.problem: str | None = None

    def current(self) -> Settings:
        """Return the settings in force; the same object until something has changed.

        A file that is wrong is not taken over: the settings stay as they were, and an error is
        logged.
        """
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._reload()
        return self._settings

    def _reload(self) -> None:
        try:
            self._settings = Settings(_env_file=self._path)
        except ValidationError as error:
            names = ", ".join(
                f"FOOTFALL_{'_'.join(map(str, problem['loc'])).upper()}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            self.problem = f"{self._path.name} is not in force: {names} cannot be read"
            logger.error("settings not reloaded: %s cannot be read", names)
            return
        self.problem = None
        logger.info("settings reloaded")

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
