"""The names under which events carry IP addresses and user agents, wherever in them they stand."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

_DISTINCT = 4_096
_LONGEST = 100  # characters; no usual name has more
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PLURALS = re.compile(r"IP(?=v[46]|s(?![a-z]))")  # so that IPv4 and IPs are one word
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_ADDRESS = re.compile(
    r"(?:.*_)?(?:"
    r"(?:client|remote|real|source|src|user|visitor|customer|connecting|forwarded)?_?"
    r"(?:ips?|ipv[46]|ip(?:v[46])?_?addr(?:ess(?:es)?)?)"
    r"|(?:remote|peer|client)_?addr"
    r"|(?:remote|peer)_?address"
    r"|x?_?forwarded_?for"
    r")"
)
_USER_AGENT = re.compile(r"(?:.*_)?(?:user_?agents?(?:_?(?:string|text|header))?|ua(?:_?string)?)")
# Part of every such name, in small letters; a key may also spell its letters as escapes.
HINT = rb'ip["sv]|agent|addr|forwarded|ua[^a-rt-z0-9]|\\u00'
_HINT = re.compile(HINT)


class Kind(Enum):
    """What a name says of its value."""

    ADDRESS = "address"
    USER_AGENT = "user agent"


def kind_of(name: str) -> Kind | None:
    """Return what a name promises, such as ``ip_address``, ``remoteAddr`` or ``User-Agent``.

    Args:
        name: Key of a JSON object.

    Returns:
        None where it is none of the usual names of an address or a user agent.
    """
    return _kind_of(name) if len(name) <= _LONGEST and name.isascii() else None


@lru_cache(_DISTINCT)
def _kind_of(name: str) -> Kind | None:
    words = _HUMPS.sub("_", _PLURALS.sub("Ip", name)).lower()
    words = _BETWEEN_WORDS.sub("_", words)
    if _ADDRESS.fullmatch(words):
        return Kind.ADDRESS
    return Kind.USER_AGENT if _USER_AGENT.fullmatch(words) else None


def may_name(text: bytes) -> bool:
    """Return whether JSON text may have such names; False is certain, and quickly found.

    Args:
        text: JSON.
    """
    return _HINT.search(text.lower()) is not None
