"""Correcting events of the quarantine: what would change, what the verdict then is, writing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import asyncpg

from ingestion.event import Event
from ingestion.items import Item, Rejected, Suppressed
from ingestion.quarantine import queries
from ingestion.quarantine.corrections import CorrectionError, read_object, write_object
from ingestion.quarantine.entries import Entry, Notify, ignore, work_through
from ingestion.quarantine.paths import PathError
from ingestion.quarantine.rejudgement import Court, is_canonical, material
from ingestion.quarantine.selection import Selection
from ingestion.quarantine.tally import Tally
from ingestion.verdict import QUARANTINED, STORED, Reason

Change = Callable[[str], str]  # from an event's JSON to the corrected one
_EXAMPLES = 5


class Fix(NamedTuple):
    """A correction of one event.

    Attributes:
        entry: The event.
        before: Its JSON.
        after: Its JSON, corrected; as before where nothing changes.
        event: What is kept of that: the canonical event as JSON; empty where nothing is.
        item: What it is judged to be then; None where it is not judged.
        problem: Why it cannot be corrected so; empty where it can.
    """

    entry: Entry
    before: str
    after: str
    event: str = ""
    item: Item | None = None
    problem: str = ""

    @property
    def reason(self) -> Reason | None:
        """Why it would not be stored then; None where it would."""
        return self.item.reason if isinstance(self.item, Rejected) else None


class Fixes:
    """Corrections of events, in figures.

    Attributes:
        tally: The verdicts on those that change.
        unchanged: How many the correction leaves as they are.
        problems: Why others cannot be corrected so, and how many they are.
        examples: The first of each sort.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.unchanged = 0
        self.problems: Counter[str] = Counter()
        self.examples: list[Fix] = []
        self._sorts: set[tuple[object, ...]] = set()

    @property
    def changed(self) -> int:
        """How many the correction changes."""
        return self.tally.verdicts.total()

    def count(self, fix: Fix) -> None:
        """Count one correction."""
        if fix.problem:
            self.problems[fix.problem] += 1
        elif not fix.event:
            self.unchanged += 1
            return
        else:
            self.tally.count(fix.entry, QUARANTINED if fix.reason else STORED, fix.reason)
        reason = fix.reason
        sort = (fix.problem, reason and (reason.code, reason.field))
        if sort not in self._sorts and len(self.examples) < _EXAMPLES:
            self._sorts.add(sort)
            self.examples.append(fix)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON has them."""
        figures = self.tally.as_json()
        return {
            "changed": self.changed,
            "unchanged": self.unchanged,
            "would_be_stored": figures[STORED],
            "would_be_quarantined": figures[QUARANTINED],
            "reasons": figures["reasons"],
            "problems": [
                {"events": events, "problem": problem}
                for problem, events in self.problems.most_common()
            ],
        }


class Fixing:
    """Corrects events of the quarantine."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        court: Court,
        change: Change,
        *,
        is_replacement: bool = False,
    ) -> None:
        """Create it; :meth:`run` corrects.

        Args:
            connection: Of the owner.
            court: Judges the corrected events.
            change: The correction.
            is_replacement: Whether it returns a canonical event, whatever it is given.
        """
        self._connection = connection
        self._court = court
        self._change = change
        self._is_replacement = is_replacement

    async def run(
        self, selection: Selection, *, is_dry_run: bool, notify: Notify = ignore
    ) -> Fixes:
        """Correct the events that are meant. What was received stays as it is beside that.

        Args:
            selection: Which events.
            is_dry_run: Whether nothing is written.
            notify: Told how many are done, and how many there are.

        Returns:
            What became of them. What was written is committed.
        """

        async def work(entries: list[Entry]) -> list[Fix]:
            part = [await self._propose(entry) for entry in entries]
            if not is_dry_run:
                await self._write(part)
            return part

        fixes = Fixes()
        async for part in work_through(self._connection, selection, work, notify):
            for fix in part:
                fixes.count(fix)
        return fixes

    async def _propose(self, entry: Entry) -> Fix:
        before = material(entry)
        try:
            after = self._change(before)
        except (CorrectionError, PathError) as error:
            return Fix(entry, before, before, problem=str(error))
        if after == _normalised(before):
            return Fix(entry, before, before)
        has_canonical_form = self._is_replacement or is_canonical(entry)
        corrected = (
            entry._replace(event=after) if has_canonical_form else entry._replace(payload=after)
        )
        item, read = await self._court.judge(corrected)
        fix = Fix(entry, before, after, item=item)
        if isinstance(item, Suppressed):
            return fix._replace(problem=f"it may not be kept ({item.reason.message})")
        event = after if has_canonical_form else read.decode()
        if not event:
            assert isinstance(item, Rejected)
            return fix._replace(
                problem=f"the wire format {entry.dialect} does not take it: {item.reason.message}"
            )
        return fix._replace(event=self._court.rules.privacy.scrub(event.encode()).decode())

    async def _write(self, fixes: Sequence[Fix]) -> None:
        rows = [_row(fix) for fix in fixes if fix.event and not fix.problem]
        if rows:
            await self._connection.execute(queries.CORRECT, *map(list, zip(*rows, strict=True)))


def _row(fix: Fix) -> tuple[object, ...]:
    item = fix.item
    assert isinstance(item, Event | Rejected)
    reason = fix.reason
    return (
        fix.entry.quarantine_id,
        fix.event,
        None if item.event_id == fix.entry.derived_id else item.event_id,
        item.category,
        item.event_type,
        reason and reason.code,
        reason and reason.field,
        reason and reason.message,
    )


def _normalised(text: str) -> str | None:
    try:
        return write_object(read_object(text))
    except CorrectionError:
        return None
