"""Web origins (RFC 6454) and patterns of them: which pages a list of patterns lets in."""

from __future__ import annotations

import re
from collections.abc import Iterable

ORIGIN_FORM = (
    "write scheme and host in lower case, and a port where it is not the usual one, such as "
    "https://shop.example, https://*.shop.example or http://localhost:3000"
)
_SUBDOMAINS = "*."
_PATTERN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:\*\.)?(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_USUAL_PORTS = {"http": "80", "https": "443"}


def is_pattern(text: str) -> bool:
    """Return whether a text is an origin as browsers send it, or of all subdomains of a host.

    >>> is_pattern("https://*.shop.example"), is_pattern("https://shop.example/"), is_pattern("*")
    (True, False, False)
    """
    found = _PATTERN.fullmatch(text)
    return found is not None and (
        found["port"] is None or found["port"] != _USUAL_PORTS.get(found["scheme"])
    )


class Origins:
    """A list of patterns, which answers quickly whether it lets an origin in."""

    __slots__ = ("_exact", "_subdomains")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take patterns, such as :func:`is_pattern` allows."""
        listed = frozenset(patterns)
        wildcards = [pattern for pattern in listed if _SUBDOMAINS in pattern]
        self._exact = listed.difference(wildcards)
        self._subdomains = [
            re.compile(re.escape(scheme) + r"[a-z0-9._-]+\." + re.escape(host))
            for scheme, _, host in (pattern.partition(_SUBDOMAINS) for pattern in wildcards)
        ]

    def __contains__(self, origin: str) -> bool:
        """Return whether the list lets the pages of an origin in.

        >>> "https://a.b.shop.example" in Origins(["https://*.shop.example"])
        True
        """
        return origin in self._exact or any(
            pattern.fullmatch(origin) for pattern in self._subdomains
        )
