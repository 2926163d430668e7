"""Who sends: what a write key, a token or the lack of both amounts to."""

from __future__ import annotations

from typing import NamedTuple

INGEST = "ingest"  # may send events for anybody
READER = "reader"  # may read
ADMIN = "admin"  # may do what takes back or decides
ROLES = (INGEST, READER, ADMIN)


class Sender(NamedTuple):
    """Who sends a request.

    Attributes:
        name: What people call the key, or ``jwt`` or ``anonymous``: for logs and metrics.
        source: Source of the events.
        roles: Of :data:`ROLES`; empty for a signed-in user and for an anonymous sender.
        user_id: The signed-in user, where a token names one.
        categories: The only categories that it may send; None: all.
        allowed_origins: Origins of the web pages that may send so; empty: no web page.
    """

    name: str
    source: str
    roles: frozenset[str] = frozenset({INGEST})
    user_id: str | None = None
    categories: frozenset[str] | None = None
    allowed_origins: frozenset[str] = frozenset()

    @property
    def may_speak_for_others(self) -> bool:
        """Whether it may say which user did something; else it speaks for itself alone."""
        return INGEST in self.roles or ADMIN in self.roles
