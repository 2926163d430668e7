"""What became of the rows of a file, and of the events that were made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ingestion.client import REFUSED
from ingestion.importer.translation import Translated
from ingestion.verdict import DUPLICATE, QUARANTINED, STORED, SUPPRESSED, Verdict

_STATUSES = (STORED, DUPLICATE, QUARANTINED, SUPPRESSED, REFUSED)
_MOST_REASONS = 1_000  # a field's name is in it, which may be anything


class ReasonCount(msgspec.Struct):
    """How often events were quarantined or refused for one reason.

    Attributes:
        code: Kind of problem.
        field: The offending field; None: the event as a whole.
        event: Category and event type.
        message: What is wrong with the first of them, and how to mend it.
        count: How many.
    """

    code: str
    field: str | None
    event: str
    message: str
    count: int = 0


class Tally(msgspec.Struct):
    """Counts so far. They add up where :meth:`is_complete` says so.

    Attributes:
        rows: Rows read.
        broken: Rows of which no event can be made; they are in the rejected report.
        skipped: Rows that the mapping leaves out.
        sent: Events sent.
        verdicts: Events by what became of them.
        events: Events sent, by category and event type.
        reasons: Why events were quarantined or refused.
    """

    rows: int = 0
    broken: int = 0
    skipped: int = 0
    sent: int = 0
    verdicts: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(_STATUSES, 0))
    events: dict[str, int] = {}
    reasons: dict[str, ReasonCount] = {}

    @property
    def problems(self) -> int:
        """Rows and events that wait for somebody to mend them."""
        return self.broken + self.verdicts[QUARANTINED] + self.verdicts[REFUSED]

    def is_complete(self) -> bool:
        """Return whether every event that was sent got a verdict."""
        return self.sent == sum(self.verdicts.values())

    def add(self, rows: int, translated: Translated, verdicts: Sequence[Verdict]) -> None:
        """Count rows that are done with.

        Args:
            rows: How many.
            translated: What was made of them.
            verdicts: What became of the events, in order.
        """
        self.rows += rows
        self.broken += len(translated.broken)
        self.skipped += translated.skipped
        self.sent += len(translated.events)
        for event, verdict in zip(translated.events, verdicts, strict=True):
            name = f"{event.get('category')}/{event.get('event_type')}"
            self.events[name] = self.events.get(name, 0) + 1
            self.verdicts[verdict.status] = self.verdicts.get(verdict.status, 0) + 1
            if verdict.status in (QUARANTINED, REFUSED) and verdict.reason is not None:
                reason = verdict.reason
                key = f"{name} {reason.code} {reason.field}"
                if key not in self.reasons and len(self.reasons) < _MOST_REASONS:
                    self.reasons[key] = ReasonCount(reason.code, reason.field, name, reason.message)
                if key in self.reasons:
                    self.reasons[key].count += 1

    def top_reasons(self, most: int = 5) -> list[ReasonCount]:
        """Return the most frequent reasons.

        Args:
            most: How many.
        """
        return sorted(self.reasons.values(), key=lambda reason: -reason.count)[:most]

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "rows": self.rows,
            "rejected_rows": self.broken,
            "skipped_rows": self.skipped,
            "events": self.sent,
            **self.verdicts,
            "event_types": dict(sorted(self.events.items())),
            "reasons": [msgspec.to_builtins(reason) for reason in self.top_reasons(20)],
        }
