"""What a request itself tells of the person behind it."""

from __future__ import annotations

from typing import NamedTuple

from ingestion.addresses import Address, parse_address
from ingestion.request import Request

_YES = b"1"
_LONGEST = 1_000  # characters of a user agent that are kept


class Visitor(NamedTuple):
    """The person whose device sends a request, as far as the request tells.

    Attributes:
        address: Where the device is; None where a server sends, whose own address is nobody's.
        user_agent: What the device calls itself; empty where a server sends.
        objects: Whether the person does not want to be tracked.
        is_known: Whether there is an address or a user agent.
    """

    address: Address | None
    user_agent: str
    objects: bool
    is_known: bool


NOBODY = Visitor(None, "", objects=False, is_known=False)


def visitor_of(request: Request, *, is_for_clients: bool) -> Visitor:
    """Return what a request tells of the person behind it.

    Args:
        request: The request.
        is_for_clients: Whether its endpoint is for people's own devices. Elsewhere an Origin tells
            that a web page sends it: browsers add it, and servers do not.
    """
    headers = request.headers
    # https://www.w3.org/TR/tracking-dnt/ and https://w3c.github.io/gpc/
    objects = headers.get(b"dnt") == _YES or headers.get(b"sec-gpc") == _YES
    if not is_for_clients and b"origin" not in headers:
        return NOBODY if not objects else NOBODY._replace(objects=True)
    address = parse_address(request.client)
    agent = request.header(b"user-agent")[:_LONGEST]
    return Visitor(address, agent, objects, is_known=address is not None or agent != "")
