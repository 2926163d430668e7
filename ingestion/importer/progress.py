"""Remembers how far an import has come, so that one that was cut short goes on where it was.

Nothing depends on it: without it, or where it is out of date, events are sent again and are
duplicates.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from ingestion.importer.rows import Broken
from ingestion.importer.tally import Tally

_KEY_DIGITS = 16


class Progress(msgspec.Struct):
    """How far an import has come.

    Attributes:
        path: The file, for a person who looks.
        tally: Counts over all rows whose events are acknowledged.
        rejected_bytes: Length of the rejected report with those of these rows.
    """

    path: str
    tally: Tally
    rejected_bytes: int = 0


class ImportState:
    """What an import keeps below ``<home>/imports``: its progress, and the rejected report.

    Attributes:
        rejected_path: The report of rows and events that the warehouse knows nothing of: a JSON
            object to a line with ``line``, ``problem`` and ``raw``.
    """

    def __init__(self, folder: Path, path: Path, key: str) -> None:
        """Open the state of one import.

        Args:
            folder: Where it is kept.
            path: The file that is imported.
            key: From :func:`import_key`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{path.name}-{key[:_KEY_DIGITS]}"
        self._path = folder / f"{name}.json"
        self.rejected_path = folder / f"{name}.rejected.jsonl"
        self._file = path

    def read(self) -> Progress:
        """Return how far the import has come, and cut the rejected report back to there."""
        try:
            progress = msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except (FileNotFoundError, msgspec.MsgspecError):
            progress = Progress(str(self._file), Tally())
        if self.rejected_path.exists():
            with self.rejected_path.open("r+b") as report:
                report.truncate(progress.rejected_bytes)
        return progress

    def write(self, progress: Progress) -> None:
        """Keep how far the import has come."""
        new = self._path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(progress))
        new.replace(self._path)

    def forget(self) -> None:
        """Drop the progress: the import is complete, or begins anew."""
        self._path.unlink(missing_ok=True)

    def reject(self, rows: list[Broken]) -> int:
        """Add rows to the rejected report.

        Returns:
            The report's length in bytes.
        """
        with self.rejected_path.open("ab") as report:
            for row in rows:
                line = {"line": row.number, "problem": row.problem, "raw": row.raw}
                report.write(msgspec.json.encode(line) + b"\n")
            return report.tell()


def import_key(path: Path, *parts: str) -> str:
    """Return what tells this import apart from every other.

    Args:
        path: The file, of which the content counts.
        parts: All else that must be the same for an import to go on where another was.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(msgspec.json.encode(parts))
    return digest.hexdigest()


def installation_salt(folder: Path) -> bytes:
    """Return the secret key of hashes, made at the first import and kept from then on.

    Args:
        folder: Where it is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "salt"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=folder) as new:  # of mode 0600
            new.write(secrets.token_bytes(32))
            new.flush()
            with suppress(FileExistsError):  # of two imports that begin at once, the first counts
                os.link(new.name, path)
    return path.read_bytes()
