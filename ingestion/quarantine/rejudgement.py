"""Judging an event of the quarantine again, as if its sender sent it now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from ingestion.admission import Rules
from ingestion.catalogue import Catalogue
from ingestion.dialects import DIALECTS, canonical
from ingestion.event import Event, Incoming
from ingestion.items import Item, Rejected
from ingestion.judgement import judge
from ingestion.lookups import Lookups
from ingestion.plan import read_plan
from ingestion.privacy import Privacy
from ingestion.quarantine.entries import Entry, open_quarantine
from ingestion.rejection import canonical_json
from ingestion.request import Request
from ingestion.rewriting import read, write
from ingestion.routing import Route, Router
from ingestion.salts import AddressSalts
from ingestion.sender import Sender
from ingestion.verdict import Reason
from warehouse.settings import Settings
from warehouse.tokens import INGEST

# Reasons that lie in what a sender may send, not in the event: for those somebody can vouch.
NOT_ALLOWED = frozenset(
    {"out_of_scope", "not_yours", "not_allowed", "unknown_product", "unknown_error"}
)

_CANONICAL = canonical.DIALECT.endpoints[0]
_NOT_READABLE = Reason(
    "not_readable",
    None,
    "the endpoint at which it came in is no more: replace it by "
    "`footfall quarantine fix ID --from-file FILE`",
)


class Rejudged(NamedTuple):
    """What an event of the quarantine is judged to be now.

    Attributes:
        item: The event as it is to be stored, the reason why it cannot be, or why it may not.
        event: The canonical event as JSON, as far as it could be read; empty where not.
    """

    item: Item
    event: bytes


@asynccontextmanager
async def open_court(settings: Settings) -> AsyncIterator[Court]:
    """Return what judges events by the settings and the catalogue of now, during a block.

    Raises:
        PlanError: The catalogue is wrong.
        MissingSettingError: There is no DSN of the owner.
        OperatorError: Postgres is away.
    """
    catalogue = Catalogue(read_plan(settings.catalog_dir))
    # a connection of its own: what is asked on it may be cut short
    async with open_quarantine(settings.require("owner_dsn")) as connection:
        salts = AddressSalts(connection.fetch)
        if settings.ip_addresses == "hashed":
            await salts.share()
        rules = Rules.of(settings, catalogue, Privacy(settings, salts))
        yield Court(rules, Lookups(connection.fetch))


class Court:
    """Judges events of the quarantine again.

    Attributes:
        rules: What events are held against.
    """

    def __init__(self, rules: Rules, lookups: Lookups) -> None:
        """Hold the rules of now.

        Args:
            rules: What events are held against.
            lookups: Answers what wire formats ask.
        """
        self.rules = rules
        self._lookups = lookups
        self._router = Router(DIALECTS)

    async def judge(self, entry: Entry, *, is_vouched_for: bool = False) -> Rejudged:
        """Return what becomes of an event now.

        Its canonical form is judged where there is one, else its payload, by the endpoint at which
        it came in. How far its clock was ahead is measured against the time of its receipt.

        Args:
            entry: The event.
            is_vouched_for: Whether it is taken for one that its sender was allowed to send.
        """
        route = self._route(entry)
        if route is None:
            return Rejudged(_unreadable(entry), b"")
        endpoint = route.endpoint
        decoded: list[Incoming] = []

        def decode(raw: bytes, request: Request) -> Incoming:
            incoming = endpoint.decode(raw, request)
            if incoming.event_id in (None, ""):
                incoming.event_id = entry.derived_id
            decoded.append(incoming)
            return incoming

        check = None if is_vouched_for else endpoint.check
        request = Request(
            _sender(entry, is_vouched_for=is_vouched_for),
            headers={},
            client="",
            parameters=route.parameters,
            catalogue=self.rules.catalogue,
        )
        if endpoint.prepare is not None and (entry.event is None or check is not None):
            raws = [entry.payload.encode()]
            request = request._replace(found=await endpoint.prepare(raws, request, self._lookups))
        # the device that it came from is long gone, and would not be this request's
        again = endpoint._replace(decode=decode, check=check, is_for_clients=False)
        item = judge(
            route._replace(endpoint=again),
            material(entry).encode(),
            request,
            self.rules,
            entry.received_at,
        )
        if isinstance(item, Event) and item.occurred_at is None:
            item.occurred_at = entry.received_at
        return Rejudged(item, canonical_json(decoded[0]) if decoded else b"")

    def _route(self, entry: Entry) -> Route | None:
        """Return where an event is read; None where nobody knows its wire format any more."""
        method, _, path = (entry.endpoint or "").partition(" ")
        route = self._router.find(method, path)
        if not is_canonical(entry):
            return route
        if route is None:
            return Route(canonical.DIALECT, _CANONICAL, {})
        return route._replace(endpoint=route.endpoint._replace(decode=_CANONICAL.decode))


def is_canonical(entry: Entry) -> bool:
    """Return whether what is judged of an event is in the canonical format."""
    return entry.event is not None or entry.dialect == canonical.DIALECT.name


def material(entry: Entry) -> str:
    """Return what is judged of an event: its canonical form where there is one, else its payload.

    Fields that are null are left out, which the sender did not send either.
    """
    if entry.event is None:
        return entry.payload
    try:
        event = read(entry.event.encode())
        return write({name: event[name] for name in event if event[name] is not None}).decode()
    except (ValueError, TypeError, RecursionError):
        return entry.event


def _sender(entry: Entry, *, is_vouched_for: bool) -> Sender:
    if entry.sender is None:
        return Sender("replay", entry.source)
    sender = Sender.from_json(entry.sender, entry.source)
    if is_vouched_for:
        return sender._replace(roles=sender.roles | {INGEST}, categories=None)
    return sender


def _unreadable(entry: Entry) -> Rejected:
    payload = entry.payload.encode()
    return Rejected(
        entry.source, entry.event_id, entry.category, entry.event_type, _NOT_READABLE, payload
    )
