"""Which events in quarantine are meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

OPEN = "open"
REPLAYED = "replayed"
DISCARDED = "discarded"
STATES = (OPEN, REPLAYED, DISCARDED)

# Of :meth:`Selection.values`; one that is null lets all through.
CONDITION = """
($1::bigint[] is null or quarantine_id = any($1))
and ($2::text[] is null or reason = any($2))
and ($3::text[] is null or source = any($3))
and ($4::text[] is null or category = any($4))
and ($5::text[] is null or event_type = any($5) or category || '/' || event_type = any($5))
and ($6::text[] is null or field = any($6))
and ($7::timestamptz is null or received_at >= $7)
and ($8::timestamptz is null or received_at < $8)
and ($9::text is null or state = $9)"""
VALUES = 9


class Selection(NamedTuple):
    """Which events in quarantine are meant; what is empty says nothing.

    Attributes:
        ids: Numbers of the events.
        reasons: Codes of the reasons.
        sources: Whose events.
        categories: Their categories.
        event_types: Their event types, each with or without its category, as ``product/view``.
        fields: Paths of the offending fields.
        since: Received then or later.
        until: Received before.
        state: Of :data:`STATES`; None: any.
        limit: Most events, the oldest first; None: all.
    """

    ids: Sequence[int] = ()
    reasons: Sequence[str] = ()
    sources: Sequence[str] = ()
    categories: Sequence[str] = ()
    event_types: Sequence[str] = ()
    fields: Sequence[str] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    state: str | None = OPEN
    limit: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it says nothing that parts one event from another."""
        return not any(self[:6]) and self.since is None and self.until is None

    def values(self) -> tuple[object, ...]:
        """Return the values of :data:`CONDITION`."""
        lists = (list(given) or None for given in self[:6])
        return (*lists, self.since, self.until, self.state)
