"""Settings that follow ``footfall.env``: a change is in force at the next request."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import ValidationError

from warehouse.settings import ENV_FILE, Settings, setting_variable

logger = logging.getLogger(__name__)


class LiveSettings:
    """The settings as the environment and the state directory's file say them now.

    Of what has changed, those of ``warehouse.live_settings`` are in force at once. Where
    to listen and where Postgres is are read at the start alone, by those who need it.

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
            self._check_lines()
            self._settings = Settings(_env_file=self._path)
        except ValidationError as error:
            self._keep(f"{_names(error)} cannot be read")
        except ValueError as error:
            self._keep(str(error))
        else:
            self.problem = None
            logger.info("settings reloaded")

    def _keep(self, why: str) -> None:
        self.problem = f"{self._path.name} is not in force: {why}"
        logger.error("settings not reloaded: %s", why)

    def _check_lines(self) -> None:
        """Look for what would pass for a setting that is not there, and put its default in force.

        Raises:
            ValueError: The file is gone, unreadable or empty, as one that is being written may be,
                or a line is no ``NAME=value``.
        """
        if self._seen is None:
            raise ValueError("the file is gone")
        try:
            with self._path.open(encoding="utf-8") as file:
                lines = list(parse_stream(file))
        except UnicodeDecodeError:
            raise ValueError("it is not UTF-8") from None
        except OSError as error:
            raise ValueError(f"it cannot be opened ({type(error).__name__})") from error
        for line in lines:
            if line.error or (line.key is not None and line.value is None):
                text = line.original.string
                above = text[: len(text) - len(text.lstrip())].count("\n")
                raise ValueError(f"line {line.original.line + above} is no NAME=value")
        if not any(line.key for line in lines):
            raise ValueError("the file is empty")

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def _names(error: ValidationError) -> str:
    """Return which variables are wrong, without their values."""
    problems = error.errors(include_input=False, include_url=False)
    return ", ".join(setting_variable(problem["loc"]) for problem in problems)
