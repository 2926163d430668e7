"""From the bytes of one event to what becomes of it, before anything has landed."""

from __future__ import annotations

import datetime as dt

from ingestion.admission import Rules, admit
from ingestion.event import Incoming
from ingestion.items import Item, Suppressed
from ingestion.rejection import DECODING_ERRORS, reject, salvage
from ingestion.request import Request
from ingestion.routing import Route
from ingestion.verdict import QuarantineError, Reason


def judge(route: Route, raw: bytes, request: Request, rules: Rules, now: dt.datetime) -> Item:
    """Return an event as it is to be stored, to be quarantined with the reason, or suppressed.

    Args:
        route: Where it came in, which tells its wire format.
        raw: The event as received.
        request: The request that it came with.
        rules: What it is held against.
        now: Time of receipt.
    """
    endpoint = route.endpoint
    source = request.sender.source
    incoming = reduced = None
    try:
        incoming = endpoint.decode(raw, request)
        objection = _objection(incoming, route, request, rules)
        if objection is not None:
            return Suppressed(source, objection)
        rules.limits.check_size(raw)
        rules.privacy.reduce(incoming, request, is_for_clients=endpoint.is_for_clients)
        reduced = incoming
        _check_sender(incoming, request)
        if endpoint.check is not None:
            endpoint.check(incoming, request)
        return admit(incoming, raw, source, rules, now)
    except DECODING_ERRORS as error:
        known = incoming
        if known is None:
            known = salvage(raw)
            objection = _objection(known, route, request, rules)
            if objection is not None:
                return Suppressed(source, objection)
        return reject(
            error,
            raw,
            payload=rules.privacy.scrub(raw),
            dialect=route.dialect.name,
            endpoint=route.address,
            sender=request.sender,
            known=known,
            event=reduced,
        )


def _objection(incoming: Incoming, route: Route, request: Request, rules: Rules) -> Reason | None:
    """Return why an event must not be kept at all, not even in quarantine; None where it may be."""
    return rules.privacy.objection(
        incoming,
        rules.catalogue.find(incoming.category, incoming.event_type),
        request,
        is_for_clients=route.endpoint.is_for_clients,
    )


def _check_sender(incoming: Incoming, request: Request) -> None:
    """Hold an event against what its sender may send, and fill in who a token says it is."""
    sender = request.sender
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
