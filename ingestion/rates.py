"""How much a sender may send: a bucket for each that fills by the minute.

The generic cell rate algorithm (ITU-T I.371): of each sender only the moment is kept at which the
bucket will be full again. It is kept by this process: N replicas allow N times as much.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ingestion.server.exchange import Lines

WINDOW_SECONDS = 60
MAX_SUBJECTS = 20_000  # some 3 MB
_ROUNDING_SECONDS = 1e-6  # more than floating-point numbers lose


class Allowance(NamedTuple):
    """What a limit says to somebody who wants something.

    Attributes:
        limit: Most that is allowed in a minute.
        remaining: What is left now.
        reset_seconds: After how long all of it is there again.
        wait_seconds: After how long what was asked for would be allowed; 0: it was allowed, and is
            counted; infinite: it never would be.
    """

    limit: int
    remaining: int
    reset_seconds: float
    wait_seconds: float

    def lines(self) -> Lines:
        """Return the headers that tell a sender (draft-ietf-httpapi-ratelimit-headers-06)."""
        return (
            *_policy(self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % math.ceil(self.reset_seconds)),
        )

    def headers(self) -> dict[str, str]:
        """Return the same as text."""
        return {name.decode(): value.decode() for name, value in self.lines()}


class RateLimit:
    """A limit that each of many senders has for itself."""

    def __init__(
        self,
        limit: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_subjects: int = MAX_SUBJECTS,
    ) -> None:
        """Begin with full buckets.

        Args:
            limit: Most in a minute; at least 1.
            clock: Returns the time in seconds.
            max_subjects: Of how many senders is remembered what they have used. Where there are
                more, those who have used least are forgotten.
        """
        self.limit = limit
        self._seconds_each = WINDOW_SECONDS / limit
        self._clock = clock
        self._max_subjects = max_subjects
        self._full_at: dict[str, float] = {}

    def take(self, subject: str, amount: int = 1) -> Allowance:
        """Ask for something, and count it where it is allowed.

        Args:
            subject: Who asks.
            amount: How much; with 0, nothing but what is left is asked.
        """
        now = self._clock()
        full_at = self._full_at.get(subject, now)
        full_at = max(full_at, now)
        wanted = full_at + amount * self._seconds_each
        wait = wanted - now - WINDOW_SECONDS - _ROUNDING_SECONDS
        if wait <= 0:
            self._full_at[subject] = full_at = wanted
            if len(self._full_at) > self._max_subjects:
                self._forget(now)
        elif amount > self.limit:
            wait = math.inf
        used = full_at - now
        remaining = int((WINDOW_SECONDS - used + _ROUNDING_SECONDS) / self._seconds_each)
        return Allowance(self.limit, remaining, used, wait if wait > 0 else 0.0)

    def _forget(self, now: float) -> None:
        """Forget who has a full bucket; where that is not enough, the fuller half of all."""
        kept = {subject: full_at for subject, full_at in self._full_at.items() if full_at > now}
        if len(kept) > self._max_subjects // 2:
            emptiest = sorted(kept.items(), key=lambda item: item[1], reverse=True)
            kept = dict(emptiest[: self._max_subjects // 2])
        self._full_at = kept


@lru_cache(8)
def _policy(limit: int) -> Sequence[tuple[bytes, bytes]]:
    return (
        (b"ratelimit-limit", b"%d" % limit),
        (b"ratelimit-policy", b"%d;w=%d" % (limit, WINDOW_SECONDS)),
    )
