"""Removes old files of the state directory that nothing goes by any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from pipeline.retention.removals import Removal
from warehouse.settings import Settings

_SPOOL = "spool"  # where ingestion has it, unless the settings say otherwise


def old_files(settings: Settings, now: dt.datetime) -> dict[str, list[Path]]:
    """Return the files that are due, by kind.

    Ingestion removes segments of its spool once they have landed; what it had to set aside, because
    it cannot be read, is kept as long as the quarantine. Reports of imports are kept as long as the
    records of loads.

    Args:
        settings: Where they are, and how long they are kept.
        now: Time from which their age is counted.
    """
    spool = settings.spool_dir or settings.home / _SPOOL
    kinds = {
        "damaged records of the spool": (
            spool.glob("damaged/*"),
            settings.retention_days_quarantine,
        ),
        "reports of imports": (
            _files(settings.home / "imports", "*.json", "*.jsonl"),
            settings.retention_days_ops,
        ),
    }
    if settings.retention_archive_dir is not None:
        kinds["unfinished archives"] = (settings.retention_archive_dir.glob(".*.unfinished"), 1)
    found = {}
    for kind, (paths, days) in kinds.items():
        before = (now - dt.timedelta(days=days)).timestamp()
        found[kind] = sorted(path for path in paths if path.stat().st_mtime < before)
    return {kind: paths for kind, paths in found.items() if paths}


def describe_files(kind: str, paths: list[Path]) -> Removal:
    """Return what goes with some files of a kind."""
    status = [path.stat() for path in paths]
    times = [dt.datetime.fromtimestamp(one.st_mtime, dt.UTC) for one in status]
    return Removal(
        kind, len(paths), False, sum(one.st_size for one in status), min(times), max(times)
    )


def remove_files(paths: list[Path]) -> None:
    """Remove files; one that is gone already is no error."""
    for path in paths:
        path.unlink(missing_ok=True)


def _files(folder: Path, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from folder.glob(pattern)
