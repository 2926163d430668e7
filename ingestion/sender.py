"""Who sends: what a write key, a token or the lack of both amounts to."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from warehouse.tokens import ADMIN, INGEST

ANONYMOUS = "anonymous"  # what logs and metrics call senders without a key, and …
TOKEN = "jwt"  # noqa: S105 - … those with a token
_PLAIN_KEY = frozenset({INGEST})


class Sender(NamedTuple):
    """Who sends a request.

    Attributes:
        name: What people call the key, or ``jwt``, ``admin`` or ``anonymous``; for logs and
            metrics.
        source: Source of the events.
        roles: Of ``warehouse.tokens.ROLES``; empty for a signed-in user and an anonymous sender.
        user_id: The person whom a token names; None where it names a service, which sends the
            events of others.
        categories: The only categories that it may send; None: all.
        allowed_origins: Origins of the web pages that may send so; empty: no web page; None: any,
            for a browser sends no token of its own accord.
        account: As whom its events are counted against the rate limit; its name where None.
    """

    name: str
    source: str
    roles: frozenset[str] = _PLAIN_KEY
    user_id: str | None = None
    categories: frozenset[str] | None = None
    allowed_origins: frozenset[str] | None = frozenset()
    account: str | None = None

    @property
    def may_speak_for_others(self) -> bool:
        """Whether it may say which user did something; else it speaks for itself alone."""
        return INGEST in self.roles or ADMIN in self.roles

    @property
    def has_secret(self) -> bool:
        """Whether it has shown what a program alone can keep to itself: no page and no person."""
        return self.may_speak_for_others and not self.allowed_origins

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody says who it is."""
        return self.user_id is None and not self.roles

    def as_json(self) -> str:
        """Return who it is and what it may send, as JSON; its source stands elsewhere."""
        record = _Record(self.name, self.roles, self.user_id, self.categories)
        return msgspec.json.encode(record, order="deterministic").decode()

    @classmethod
    def from_json(cls, text: str, source: str) -> Sender:
        """Return the sender of whom :meth:`as_json` told.

        Args:
            text: What it returned.
            source: Source of the sender's events.
        """
        record = msgspec.json.decode(text, type=_Record)
        return cls(record.name, source, record.roles, record.user_id, record.categories)


class _Record(msgspec.Struct, omit_defaults=True):
    name: str
    roles: frozenset[str] = _PLAIN_KEY
    user_id: str | None = None
    categories: frozenset[str] | None = None
