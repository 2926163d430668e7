"""The write keys as last read, in a file: for an ingestion that starts while Postgres is away."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

logger = logging.getLogger(__name__)

KEY_FILE = "ingestion-keys.json"


class StoredKey(msgspec.Struct, frozen=True):
    """A valid write key as the database has it: a row of ``ops.write_keys``.

    Attributes:
        name: What people call it.
        key_hash: SHA-256 of the key, which is not stored.
        source: Source of the events that are sent with it.
        scopes: What it may send.
        allowed_origins: Web pages that may send with it.
    """

    name: str
    key_hash: bytes
    source: str
    scopes: tuple[str, ...]
    allowed_origins: tuple[str, ...]


class KeyFile:
    """A file of keys, for its owner alone."""

    def __init__(self, path: Path) -> None:
        """Name the file, which needs not be there."""
        self._path = path

    def read(self) -> list[StoredKey]:
        """Return the keys in the file; none where it is missing or wrong."""
        try:
            content = self._path.read_bytes()
            keys = msgspec.json.decode(content, type=list[StoredKey])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError, UnicodeError) as error:
            logger.warning("%s is of no use (%s)", self._path.name, type(error).__name__)
            return []
        return keys

    def write(self, keys: Sequence[StoredKey]) -> None:
        """Replace the file as one. Where that cannot be done, it is logged and nothing more."""
        new = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.encode(keys))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            logger.warning("%s cannot be written (%s)", self._path.name, type(error).__name__)
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
