"""IP addresses: reading them, and what the privacy settings leave of them."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_DISTINCT = 16_384
_LONGEST = 60  # an IPv6 address with brackets, zone and port
_PREFIXES = {4: 24, 6: 48}
_HASH_BYTES = 16
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_DOTTED = re.compile(r"(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f:.]{2,}")
_PSEUDONYM = re.compile(rf"[0-9a-f]{{{2 * _HASH_BYTES}}}")
_REMOVED = "(address removed)"


def parse_address(text: str) -> Address | None:
    """Return the IP address that a text gives, as headers and programs write it.

    Args:
        text: An address, also in brackets, with a port or a zone; or several, separated by commas,
            of which the first counts: the client's own in ``X-Forwarded-For``.

    Returns:
        The address, IPv4 where it is IPv4 inside IPv6; None where the text gives none.
    """
    first = text.partition(",")[0].strip()
    return _parse(first) if len(first) <= _LONGEST else None


@lru_cache(_DISTINCT)
def _parse(text: str) -> Address | None:
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2] or ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(_DISTINCT)
def truncate(address: Address) -> str:
    """Return the network of an address in CIDR notation: IPv4 /24, IPv6 /48."""
    return str(ip_network((address, _PREFIXES[address.version]), strict=False))


def pseudonym(address: Address, salt: bytes) -> str:
    """Return what stands for an address as long as the salt is the same: a keyed BLAKE2b.

    Args:
        address: The address.
        salt: The salt of the day, at most 64 bytes.

    Returns:
        32 hexadecimal digits.
    """
    return hashlib.blake2b(address.packed, key=salt, digest_size=_HASH_BYTES).hexdigest()


def is_reduced(text: str, kept: str) -> bool:
    """Return whether a text is what a setting leaves of addresses already.

    Args:
        text: Such as ``203.0.113.0/24``.
        kept: What the setting keeps of them: ``truncated`` or ``hashed``.
    """
    if kept == "hashed":
        return _PSEUDONYM.fullmatch(text) is not None
    address, _, prefix = text.partition("/")
    found = parse_address(address) if kept == "truncated" and prefix else None
    return found is not None and truncate(found) == text


def remove_addresses(text: str) -> str:
    """Return text without what looks like an IP address, whatever stands around it."""
    return _HEXADECIMAL.sub(_without_ipv6, _DOTTED.sub(_REMOVED, text))


def _without_ipv6(found: re.Match[str]) -> str:
    given = found[0]
    if given.count(":") < 2:
        return given
    if "::" in given or len(given) > _LONGEST:
        return _REMOVED
    # a colon or full stop before or after may belong to the sentence
    parts = (given, given.rstrip(".:"), given.lstrip(":"), given.strip(":."))
    return _REMOVED if any(parse_address(part) is not None for part in parts) else given
