"""What became of events of the quarantine that were judged again, in figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingestion.quarantine.entries import Entry
from ingestion.verdict import DUPLICATE, QUARANTINED, STORED, SUPPRESSED, Reason


class Kind(NamedTuple):
    """Events of one type that were judged alike.

    Attributes:
        status: Of the verdict, such as ``quarantined``.
        code: Of the reason.
        field: Path of the field that the reason is about.
        event: Category and event type, as ``product/view``.
    """

    status: str
    code: str
    field: str | None
    event: str


@dataclass
class Tally:
    """What became of events of the quarantine.

    Attributes:
        verdicts: How many got which verdict; ``quarantined`` are those that stay open.
        kinds: How many of those that are not stored were judged alike.
        messages: For each kind, the reason's words, for one of its events.
        loads: In which loads they landed.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    messages: dict[Kind, str] = field(default_factory=dict)
    loads: list[int] = field(default_factory=list)

    @property
    def still_open(self) -> int:
        """How many stay in quarantine."""
        return self.verdicts[QUARANTINED]

    def count(self, entry: Entry, status: str, reason: Reason | None = None) -> None:
        """Count one event."""
        self.verdicts[status] += 1
        if reason is not None:
            kind = Kind(status, reason.code, reason.field, event_name(entry))
            self.kinds[kind] += 1
            self.messages.setdefault(kind, reason.message)

    def add(self, other: Tally) -> None:
        """Count the events of another tally too."""
        self.verdicts += other.verdicts
        self.kinds += other.kinds
        self.messages = {**other.messages, **self.messages}
        self.loads += other.loads

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "judged": self.verdicts.total(),
            **{name: self.verdicts[name] for name in (STORED, DUPLICATE, SUPPRESSED, QUARANTINED)},
            "reasons": [
                {**kind._asdict(), "events": events, "message": self.messages[kind]}
                for kind, events in self.kinds.most_common()
            ],
            "loads": self.loads,
        }


def event_name(entry: Entry) -> str:
    """Return category and event type of an event, as far as they are known."""
    return f"{entry.category or '?'}/{entry.event_type or '?'}"
