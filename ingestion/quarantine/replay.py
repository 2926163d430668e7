"""Replaying events of the quarantine: judging them again, and landing what is let in now.

Events land and their rows are settled in one transaction, so that an event counts once whoever
replays it, however often, and wherever a replay is cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from ingestion.erasures import Erasures
from ingestion.event import Event
from ingestion.group import judge_landed, unstorable
from ingestion.items import Item, Rejected, Suppressed
from ingestion.quarantine import queries
from ingestion.quarantine.entries import Entry, Notify, ignore, work_through
from ingestion.quarantine.rejudgement import Court
from ingestion.quarantine.selection import Selection
from ingestion.quarantine.tally import Tally
from ingestion.transaction import ErasuresChangedError, is_unstorable, land
from ingestion.verdict import DUPLICATE


class _Case(NamedTuple):
    """An event of the quarantine, and what it is judged to be now."""

    entry: Entry
    item: Item
    event: bytes


class Replay:
    """Replays events of the quarantine."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        court: Court,
        erasures: Erasures,
        *,
        is_vouched_for: bool = False,
        is_dry_run: bool = False,
    ) -> None:
        """Create it; :meth:`run` replays.

        Args:
            connection: Of the owner.
            court: Judges the events.
            erasures: Persons of whom nothing lands.
            is_vouched_for: Whether events are let in that their senders were not allowed to send.
            is_dry_run: Whether nothing is changed.
        """
        self._connection = connection
        self._court = court
        self._erasures = erasures
        self._is_vouched_for = is_vouched_for
        self._is_dry_run = is_dry_run
        self._foreseen: set[str] = set()  # ids that a dry run would have stored

    async def run(self, selection: Selection, notify: Notify = ignore) -> Tally:
        """Replay the events that are meant.

        Args:
            selection: Which events.
            notify: Told how many are done, and how many there are.

        Returns:
            What became of them. All of it is committed.

        Raises:
            OSError: Postgres went away; so too ``asyncpg.PostgresError`` and
                ``asyncpg.InterfaceError``. What was reported by ``notify`` is done.
        """
        tally = Tally()
        async for part in work_through(self._connection, selection, self._replay, notify):
            tally.add(part)
        return tally

    async def _replay(self, entries: list[Entry]) -> Tally:
        await self._erasures.refresh(self._connection)
        cases = []
        for entry in entries:
            item, event = await self._court.judge(entry, is_vouched_for=self._is_vouched_for)
            cases.append(_Case(entry, item, event))
        return await (self._foresee(cases) if self._is_dry_run else self._land(cases))

    async def _land(self, cases: Sequence[_Case]) -> Tally:
        """Land what is let in, and settle it; where an event is unstorable, find it."""
        try:
            return await self._land_all(cases)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, OverflowError) as error:
            if not is_unstorable(error):
                raise
        if len(cases) == 1:
            return await self._land_all([cases[0]._replace(item=unstorable(cases[0].item))])
        middle = len(cases) // 2
        tally = await self._land(cases[:middle])
        tally.add(await self._land(cases[middle:]))
        return tally

    async def _land_all(self, cases: Sequence[_Case]) -> Tally:
        async with self._connection.transaction():
            while True:
                cases = self._without_erased(cases)
                items = [case.item for case in cases if not isinstance(case.item, Rejected)]
                if not items:
                    return await self._settle(cases, set(), None)
                try:
                    landed = await land(
                        self._connection,
                        items,
                        origin="replay",
                        last_erasure=self._erasures.last,
                    )
                except ErasuresChangedError:
                    await self._erasures.refresh(self._connection)
                else:
                    return await self._settle(cases, landed.new_ids, landed.load_id)

    def _without_erased(self, cases: Sequence[_Case]) -> list[_Case]:
        items = self._erasures.apply([case.item for case in cases])
        return [case._replace(item=item) for case, item in zip(cases, items, strict=True)]

    async def _settle(
        self, cases: Sequence[_Case], new_ids: set[str], load_id: int | None
    ) -> Tally:
        """Write down what became of events, in the transaction in which they landed."""
        events = [case for case in cases if isinstance(case.item, Event)]
        if events:
            ids = [case.entry.quarantine_id for case in events]
            await self._connection.execute(queries.SETTLE, ids, load_id)
        dropped = [
            (case.entry.quarantine_id, case.item.reason.code, case.item.reason.message)
            for case in cases
            if isinstance(case.item, Suppressed)
        ]
        if dropped:
            ids, codes, messages = map(list, zip(*dropped, strict=True))
            await self._connection.execute(
                queries.SETTLE_WITHOUT_TRACE, ids, load_id, codes, messages
            )
        refused = [
            (
                case.entry.quarantine_id,
                case.item.reason.code,
                case.item.reason.field,
                case.item.reason.message,
                case.item.category,
                case.item.event_type,
                case.event.decode(),
            )
            for case in cases
            if isinstance(case.item, Rejected)
        ]
        if refused:
            await self._connection.execute(queries.REFRESH, *map(list, zip(*refused, strict=True)))
        return _count(cases, new_ids, load_id)

    async def _foresee(self, cases: Sequence[_Case]) -> Tally:
        cases = self._without_erased(cases)
        ids = {case.item.event_id for case in cases if isinstance(case.item, Event)}
        known = {row[0] for row in await self._connection.fetch(queries.KNOWN_IDS, sorted(ids))}
        new_ids = ids - known - self._foreseen
        self._foreseen |= new_ids
        return _count(cases, new_ids, None)


def _count(cases: Sequence[_Case], new_ids: set[str], load_id: int | None) -> Tally:
    tally = Tally(loads=[] if load_id is None else [load_id])
    verdicts = judge_landed([case.item for case in cases], set(new_ids))
    for case, verdict in zip(cases, verdicts, strict=True):
        reason = None if verdict.status == DUPLICATE else verdict.reason
        tally.count(case.entry, verdict.status, reason)
    return tally
