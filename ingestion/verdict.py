"""What became of one received event, and why."""

from __future__ import annotations

import msgspec

STORED = "stored"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
SUPPRESSED = "suppressed"


class Reason(msgspec.Struct, frozen=True):
    """Why an event was not stored, or not yet in Postgres.

    Attributes:
        code: Stable name of the kind of problem, such as ``missing_field``.
        field: Path of the offending field, such as ``properties.price``; None: the event as a
            whole.
        message: What is wrong and how to mend it.
    """

    code: str
    field: str | None
    message: str


class Verdict(msgspec.Struct):
    """The answer for one event.

    Attributes:
        event_id: Its id in the warehouse; None where it was quarantined without one.
        status: ``stored``, ``duplicate``, ``quarantined`` or ``suppressed``.
        reason: Why it was not stored; None where it was. ``spooled``: it is safe on disk, and lands
            when Postgres is back.
    """

    event_id: str | None
    status: str
    reason: Reason | None = None


class QuarantineError(Exception):
    """An event cannot be stored as it is.

    Attributes:
        reason: Why.
    """

    def __init__(self, code: str, field: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = Reason(code, field, message)
