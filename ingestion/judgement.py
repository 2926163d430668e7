"""From the bytes of one event to what becomes of it, before anything has landed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ingestion.admission import Receipt, Rules, admit
from ingestion.event import Incoming
from ingestion.first_look import looks_plain
from ingestion.items import Item, Suppressed
from ingestion.privacy import tell
from ingestion.rejection import DECODING_ERRORS, DecodingError, reject, salvage
from ingestion.request import Request
from ingestion.routing import Route
from ingestion.sender import Sender
from ingestion.verdict import QuarantineError
from ingestion.visitor import visitor_of


def judge(route: Route, raw: bytes, request: Request, rules: Rules, now: dt.datetime) -> Item:
    """Return an event as it is to be stored, to be quarantined with the reason, or suppressed.

    Args:
        route: Where it came in, which tells its wire format.
        raw: The event as received.
        request: The request that it came with.
        rules: What it is held against.
        now: Time of receipt.
    """
    return _Judge(route, request, rules, now).judge(raw)


def judge_all(
    route: Route, raws: Sequence[bytes], request: Request, rules: Rules, now: dt.datetime
) -> list[Item]:
    """Return what becomes of each event of a request, in order; the arguments are as in `judge`."""
    return list(map(_Judge(route, request, rules, now).judge, raws))


class _Judge:
    """What the events of one request have in common, looked up once."""

    __slots__ = (
        "_asks",
        "_at",
        "_check",
        "_decode",
        "_find",
        "_is_restricted",
        "_request",
        "_route",
        "_rules",
        "_source",
        "_told",
        "_visitor",
    )

    def __init__(self, route: Route, request: Request, rules: Rules, now: dt.datetime) -> None:
        endpoint = route.endpoint
        self._route = route
        self._request = request
        self._rules = rules
        sender = request.sender
        self._source = sender.source
        self._at = Receipt(sender.source, now + rules.skew)
        self._is_restricted = sender.categories is not None or sender.user_id is not None
        self._decode = endpoint.decode
        self._check = endpoint.check
        self._find = rules.catalogue.find
        self._visitor = visitor_of(request, is_for_clients=endpoint.is_for_clients)
        self._told = rules.privacy.told_by(self._visitor) if self._visitor.is_known else None
        self._asks = rules.privacy.asks(self._visitor)

    def judge(self, raw: bytes) -> Item:
        rules = self._rules
        request = self._request
        incoming = reduced = None
        try:
            incoming = self._decode(raw, request)
            kind = self._find(incoming.category, incoming.event_type)
            is_plain = looks_plain(bytes(incoming.context) + bytes(incoming.properties))
            if self._asks:
                objection = rules.privacy.objection(
                    incoming, kind, request, self._visitor, is_plain=is_plain
                )
                if objection is not None:
                    return Suppressed(self._source, objection)
            rules.limits.check_size(raw)
            if not is_plain:
                rules.privacy.reduce(incoming, self._visitor)
            elif self._told:
                tell(incoming, self._told)
            reduced = incoming
            if self._is_restricted:
                _check_sender(incoming, request.sender)
            if self._check is not None:
                self._check(incoming, request)
            return admit(incoming, kind, raw, rules, self._at, is_plain=is_plain)
        except DECODING_ERRORS as error:
            return self._reject(error, raw, incoming, reduced)

    def _reject(
        self, error: DecodingError, raw: bytes, incoming: Incoming | None, reduced: Incoming | None
    ) -> Item:
        rules, request = self._rules, self._request
        known = incoming
        if known is None:
            known = salvage(raw)
            kind = self._find(known.category, known.event_type)
            objection = rules.privacy.objection(known, kind, request, self._visitor, is_plain=False)
            if objection is not None:
                return Suppressed(self._source, objection)
        return reject(
            error,
            raw,
            payload=rules.privacy.scrub(raw),
            dialect=self._route.dialect.name,
            endpoint=self._route.address,
            sender=request.sender,
            known=known,
            event=reduced,
        )


def _check_sender(incoming: Incoming, sender: Sender) -> None:
    """Hold an event against what its sender may send, and fill in who a token says it is."""
    if sender.categories is not None and incoming.category not in sender.categories:
        raise QuarantineError(
            "out_of_scope",
            "category",
            f"the key may send {', '.join(sorted(sender.categories))} alone: use another key, or "
            "widen this one's scopes",
        )
    if sender.user_id is None:
        return
    if incoming.user_id in (None, ""):
        incoming.user_id = sender.user_id
    elif not sender.may_speak_for_others and str(incoming.user_id) != sender.user_id:
        raise QuarantineError(
            "not_yours",
            "user_id",
            "a signed-in user may send events of its own alone: leave user_id out, or send with a "
            "key or a service's token",
        )
