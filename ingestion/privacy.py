"""What is kept of people: whether an event may be, and how much of addresses and user agents."""

from __future__ import annotations

from collections.abc import Mapping
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
from ingestion.visitor import Visitor
from warehouse.settings import Settings

Told = Mapping[str, msgspec.Raw]

_NOTHING = (None, "")
_NO_JSON = (b"null", b'""')
_members = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_encoder = msgspec.json.Encoder()
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

    def asks(self, visitor: Visitor) -> bool:
        """Return whether anything of a visitor could have to be left out: else nothing will."""
        return self._asks or visitor.objects

    def objection(
        self,
        incoming: Incoming,
        kind: EventType | None,
        request: Request,
        visitor: Visitor,
        *,
        is_plain: bool,
    ) -> Reason | None:
        """Return why an event must not be kept at all; None where it may be.

        Args:
            incoming: What the dialect made of it, or could be known of it where it made nothing.
            kind: Its event type; None where unknown.
            request: The request that it came with.
            visitor: What the request tells of the person behind it.
            is_plain: Whether a first look has shown that the event itself names no user agent.
        """
        if not self.asks(visitor) or not is_personal(kind):
            return None
        nobody = request.sender.user_id is None and incoming.user_id in _NOTHING
        reason = self._consent.objection(incoming, objects=visitor.objects, is_anonymous=nobody)
        if (
            reason is None
            and self._suppresses_bots
            and _is_bot(incoming, visitor, is_plain=is_plain)
        ):
            return _BOT_SENT
        return reason

    def reduce(self, incoming: Incoming, visitor: Visitor) -> None:
        """Derive what may be known from address and user agent, then drop what may not be kept.

        Args:
            incoming: The event, whose context and properties are rewritten.
            visitor: What its request tells of the person behind it.

        Raises:
            QuarantineError: Its text is none that can be stored.
            RecursionError: It is nested too deep.
        """
        context, properties = bytes(incoming.context), bytes(incoming.properties)
        is_named = may_name(context + properties)
        if is_named or visitor.is_known:
            incoming.context = self._rewrite(context, visitor)
        if is_named and not self._keeps_all:
            incoming.properties = self._rewrite(properties)

    def told_by(self, visitor: Visitor) -> Told:
        """Return what a request lets its events' contexts say of the person behind it.

        Args:
            visitor: What the request tells.

        Returns:
            The JSON of each member, by name.
        """
        context: dict[str, Any] = {}
        self._rewrite_context(context, visitor)
        return {name: msgspec.Raw(write(value)) for name, value in context.items()}

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


def tell(incoming: Incoming, told: Told) -> None:
    """Add to an event's context what its request tells, where the event itself does not say it.

    Does for an event that names no address and no user agent what :meth:`Privacy.reduce` does.

    Args:
        incoming: The event.
        told: What :meth:`Privacy.told_by` returned.
    """
    try:
        context = _members.decode(incoming.context) or {}
    except msgspec.ValidationError:
        return  # the catalogue refuses it
    is_placed = any(_says(context, part) for part in Place._fields)
    for name, value in told.items():
        if not _says(context, name) and not (is_placed and name in Place._fields):
            context[name] = value
    incoming.context = msgspec.Raw(_encoder.encode(context))


def _says(context: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name in context and bytes(context[name]) not in _NO_JSON


def _fill_in(context: dict[str, Any], derived: dict[str, str | None]) -> None:
    """Add what was derived where the sender says nothing."""
    for name, value in derived.items():
        if value is not None and context.get(name) in _NOTHING:
            context[name] = value


def _is_bot(incoming: Incoming, visitor: Visitor, *, is_plain: bool) -> bool:
    agent: object = visitor.user_agent
    text = bytes(incoming.context)
    if not is_plain or _BOT_DEVICE in text:
        try:
            context = read(text)
        except (ValueError, RecursionError):
            context = None  # it cannot be stored either
        if isinstance(context, dict):
            if context.get("device") == BOT:
                return True
            agent = context.get("user_agent") or agent
    return isinstance(agent, str) and describe_user_agent(agent).device == BOT
