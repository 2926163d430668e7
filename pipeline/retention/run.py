"""Retention: says what is due, and removes it, archived first where that is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pipeline.locks import lock
from pipeline.retention.contents import contents_before, look
from pipeline.retention.errors import describe_resolved_errors, remove_resolved_errors
from pipeline.retention.files import describe_files, old_files, remove_files
from pipeline.retention.limit import Limit, find_limit
from pipeline.retention.plan import plan_days
from pipeline.retention.raw_events import describe_day, remove_day
from pipeline.retention.records import describe_records, due_records, remove_records
from pipeline.retention.removals import Removal, note_removal
from pipeline.retention.rules import read_rules
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

Notify = Callable[[str], None]

EVENTS, RECORDS, ERRORS, FILES = "events", "records", "errors", "files"
PARTS = (EVENTS, RECORDS, ERRORS, FILES)


@dataclass(frozen=True)
class RetentionReport:
    """What retention did, or would do.

    Attributes:
        is_dry_run: Whether nothing was removed.
        removals: What went, or would go.
        waits_for: Why events that are due stay for now; empty where none does.
        stays_from: First day of receipt, UTC, that stays for that reason.
    """

    is_dry_run: bool
    removals: tuple[Removal, ...]
    waits_for: str = ""
    stays_from: dt.date | None = None

    def total(self, what: str) -> int:
        """Return how many rows or files of a kind went, or would go."""
        return sum(removal.removed for removal in self.removals if removal.what == what)


def retain(
    settings: Settings,
    *,
    parts: Collection[str] = PARTS,
    dry_run: bool = False,
    notify: Notify = lambda step: None,
) -> RetentionReport:
    """Remove what is due, or say what would go.

    Args:
        settings: How long what is kept, and where.
        parts: What is looked at: ``events``, ``records``, ``errors``, ``files``.
        dry_run: Change nothing.
        notify: Told of each step.

    Returns:
        What went, or would go.

    Raises:
        OperatorError: The catalogue cannot be read, or the archive not be written.
        LockTimeoutError: A run, or another retention, did not end in time.
        psycopg.OperationalError: Postgres is away.
    """
    dsn = settings.require("transform_dsn")
    with (
        lock(dsn, "retention", shared=dry_run, timeout=60),
        connect(dsn, autocommit=True, name="footfall retention") as db,
    ):
        return _Retention(settings, dsn, db, dry_run, notify).of(parts)


class _Retention:
    def __init__(
        self, settings: Settings, dsn: str, db: Connection, dry_run: bool, notify: Notify
    ) -> None:
        self.settings = settings
        self.dsn = dsn
        self.db = db
        self.dry_run = dry_run
        self.notify = notify
        self.now = dt.datetime.now(dt.UTC)

    def of(self, parts: Collection[str]) -> RetentionReport:
        limit = find_limit(self.db, self.now.date())
        stayed = False
        removals: list[Removal] = []
        if EVENTS in parts:
            events, stayed = self._events(limit)
            removals += events
        if RECORDS in parts:
            removals += self._records()
        if ERRORS in parts:
            removals += self._errors()
        if FILES in parts:
            removals += self._files()
        return RetentionReport(
            self.dry_run,
            tuple(removals),
            limit.reason if stayed else "",
            limit.day if stayed else None,
        )

    def _events(self, limit: Limit) -> tuple[list[Removal], bool]:
        """Remove raw events, and tell whether some that are due have to stay."""
        today = self.now.date()
        closed = today - dt.timedelta(days=1)
        contents = contents_before(self.db, closed, remember=not self.dry_run)
        rules = read_rules(self.settings)
        due = plan_days(contents, rules, today)
        going = [plan for plan in due if plan.day < limit.day]
        removals = []
        for plan in going:
            if self.dry_run:
                removals.append(describe_day(plan))
                continue
            # held events may have been moved, persons erased, since the day was read
            now_held = {plan.day: look(self.db, plan.day, remember=True)}
            removals += [
                remove_day(
                    self.db,
                    self.dsn,
                    current,
                    archive=self.settings.retention_archive_dir,
                    notify=self.notify,
                )
                for current in plan_days(now_held, rules, today)
            ]
        return removals, len(going) < len(due)

    def _records(self) -> Iterator[Removal]:
        for records, before in due_records(self.settings, self.now.date()):
            if self.dry_run:
                removal = describe_records(self.db, records, before)
            else:
                removal = remove_records(self.db, records, before, notify=self.notify)
            if removal is not None:
                yield removal

    def _errors(self) -> Iterator[Removal]:
        before = self.now - dt.timedelta(days=self.settings.retention_days_resolved_errors)
        if self.dry_run:
            removal = describe_resolved_errors(self.db, before)
        else:
            removal = remove_resolved_errors(self.db, self.dsn, before)
        if removal is not None:
            yield removal

    def _files(self) -> Iterator[Removal]:
        for kind, paths in old_files(self.settings, self.now).items():
            removal = describe_files(kind, paths)
            if not self.dry_run:
                remove_files(paths)
                note_removal(self.db, removal)
            yield removal
