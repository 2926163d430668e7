"""What is kept of people: whether an event may be, and how much of addresses and user agents."""

from __future__ import annotations

from typing import Any

import msgspec

from ingestion.addresses import (
    Address,
    is_reduced,
    parse_address,
    pseudonym,
    remove_addresses,
    truncate,
)
from ingestion.catalogue import EventType
from ingestion.consent import Consent, is_personal
from ingestion.event import Incoming
from ingestion.personal_names import Kind, may_name
from ingestion.place_databases import Place
from ingestion.places import open_places
from ingestion.rejection import INVALID_TEXT
from ingestion.request import Request
from ingestion.rewriting import read, replace_named, unescape, write
from ingestion.salts import AddressSalts
from ingestion.user_agent import BOT, describe_user_agent, remove_user_agents
from ingestion.verdict import QuarantineError, Reason
from ingestion.visitor import Visitor, visitor_of
from warehouse.settings import Settings

_NOTHING = (None, "")
_BOT_DEVICE = BOT.encode()
_BOT_SENT = Reason("bot", None, "FOOTFALL_BOTS is suppress, and the user agent is a bot's")


class Privacy:
    """The privacy settings, ready to be applied to events."""

    def __init__(self, settings: Settings, salts: AddressSalts | None = None) -> None:
        """Take the settings over.

        Args:
            settings: The settings.
            salts: With which addresses are hashed; without them, salts of this object's own.
        """
        self._consent = Consent(settings)
        self._suppresses_bots = settings.bots == "suppress"
        self._asks = self._consent.asks or self._suppresses_bots
        self._addresses = settings.ip_addresses
        self._user_agents = settings.user_agents
        self._keeps_all = settings.ip_addresses == "full" and settings.user_agents == "full"
        self._salts = salts or AddressSalts()
        self._places = open_places(settings.geoip_database, settings.home)
        self._of: tuple[Request, Visitor] | None = None  # the last request, for its next event

    def objection(
        self,
        incoming: Incoming,
        kind: EventType | None,
        request: Request,
        *,
        is_for_clients: bool,
    ) -> Reason | None:
        """Return why an event must not be kept at all; None where it may be.

        Args:
            incoming: What the dialect made of it, or could be known of it where it made nothing.
            kind: Its event type; None where unknown.
            request: The request that it came with.
            is_for_clients: Whether the request's own address and user agent are the visitor's.
        """
        visitor = self._visitor(request, is_for_clients)
        if not (self._asks or visitor.objects) or not is_personal(kind):
            return None
        nobody = request.sender.user_id is None and incoming.user_id in _NOTHING
        reason = self._consent.objection(incoming, objects=visitor.objects, is_anonymous=nobody)
        if reason is None and self._suppresses_bots and _is_bot(incoming, visitor):
            return _BOT_SENT
        return reason

    def reduce(self, incoming: Incoming, request: Request, *, is_for_clients: bool) -> None:
        """Derive what may be known from address and user agent, then drop what may not be kept.

        Args:
            incoming: The event, whose context and properties are rewritten.
            request: The request that it came with.
            is_for_clients: Whether the request's own address and user agent are the visitor's.

        Raises:
            QuarantineError: Its text is none that can be stored.
            RecursionError: It is nested too deep.
        """
        visitor = self._visitor(request, is_for_clients)
        context, properties = bytes(incoming.context), bytes(incoming.properties)
        is_named = may_name(context + properties)
        if is_named or visitor.is_known:
            incoming.context = self._rewrite(context, visitor)
        if is_named and not self._keeps_all:
            incoming.properties = self._rewrite(properties)

    def scrub(self, payload: bytes) -> bytes:
        """Return an event as received, less the addresses and user agents that may not be kept.

        Args:
            payload: The event; where it is no JSON, what looks like an address or a user agent
                goes.
        """
        if self._keeps_all:
            return payload
        try:
            value = read(payload)
            if isinstance(value, dict | list):
                if not may_name(payload):
                    return payload
                replace_named(value, self._replace)
                return write(value)
        except (ValueError, RecursionError):
            pass
        return self._scrub_text(payload)

    def _scrub_text(self, payload: bytes) -> bytes:
        text = unescape(payload.decode("utf-8", "surrogateescape"))
        if self._addresses != "full":
            text = remove_addresses(text)
        if self._user_agents != "full":
            text = remove_user_agents(text)
        return text.encode("utf-8", "surrogateescape")

    def _visitor(self, request: Request, is_for_clients: bool) -> Visitor:
        if self._of is None or self._of[0] is not request:
            self._of = request, visitor_of(request, is_for_clients=is_for_clients)
        return self._of[1]

    def _rewrite(self, text: bytes, visitor: Visitor | None = None) -> msgspec.Raw:
        """Return context or properties as they may be kept.

        Args:
            text: The JSON.
            visitor: What the request tells, where the JSON is the context.
        """
        try:
            value = read(text)
            if visitor is None:
                replace_named(value, self._replace)
            else:
                value = {} if value is None else value
                self._rewrite_context(value, visitor)
            return msgspec.Raw(write(value))
        except ValueError as error:
            raise QuarantineError(*msgspec.structs.astuple(INVALID_TEXT)) from error

    def _rewrite_context(self, context: Any, visitor: Visitor) -> None:
        if not isinstance(context, dict):
            replace_named(context, self._replace)  # the catalogue refuses it
            return
        given = context.get("ip")
        address = visitor.address
        if given not in _NOTHING:
            address = parse_address(given) if isinstance(given, str) else None
        elif address is not None:
            context["ip"] = str(address)
        agent = context.get("user_agent")
        if agent in _NOTHING and visitor.user_agent:
            context["user_agent"] = agent = visitor.user_agent
        replace_named(context, self._replace)
        if address is not None and all(context.get(part) in _NOTHING for part in Place._fields):
            _fill_in(context, self._places.find(address)._asdict())
        if self._user_agents != "off" and isinstance(agent, str):
            _fill_in(context, describe_user_agent(agent)._asdict())

    def _replace(self, kind: Kind, value: object) -> Any:
        """Return what is kept of an address or a user agent; None: nothing."""
        if kind is Kind.USER_AGENT:
            return value if self._user_agents == "full" else None
        if self._addresses == "full":
            return value
        if not isinstance(value, str):
            return None
        address = parse_address(value)
        if address is None:  # of an event that is judged again it is reduced already
            return value if is_reduced(value, self._addresses) else None
        return self._reduced(address)

    def _reduced(self, address: Address) -> str | None:
        if self._addresses == "truncated":
            return truncate(address)
        if self._addresses == "hashed":
            return pseudonym(address, self._salts.today())
        return None


def _fill_in(context: dict[str, Any], derived: dict[str, str | None]) -> None:
    """Add what was derived where the sender says nothing."""
    for name, value in derived.items():
        if value is not None and context.get(name) in _NOTHING:
            context[name] = value


def _is_bot(incoming: Incoming, visitor: Visitor) -> bool:
    agent: object = visitor.user_agent
    text = bytes(incoming.context)
    if may_name(text) or _BOT_DEVICE in text:
        try:
            context = read(text)
        except (ValueError, RecursionError):
            context = None  # it cannot be stored either
        if isinstance(context, dict):
            if context.get("device") == BOT:
                return True
            agent = context.get("user_agent") or agent
    return isinstance(agent, str) and describe_user_agent(agent).device == BOT
