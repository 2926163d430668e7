"""Which address a request comes from, also where proxies stand between."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DISTINCT = 16_384
_IPV6_SITE_BITS = 64  # what one customer of a provider has at least


class Proxies:
    """The proxies whose word is believed."""

    def __init__(self, networks: str) -> None:
        """Take the setting.

        Args:
            networks: Addresses or networks, separated by commas.

        Raises:
            ValueError: One of them is neither; the message names it.
        """
        self._networks = parse_networks(networks)

    def client(self, peer: str, forwarded: str) -> str:
        """Return the address that a request comes from.

        Args:
            peer: Address of the other end of the connection.
            forwarded: Value of ``X-Forwarded-For``; empty where there is none.

        Returns:
            The peer, where it is no proxy; else the last address that a proxy did not add for
            another one.
        """
        if not forwarded or not self._networks or not self._is_proxy(peer):
            return peer
        client = peer
        for text in reversed(forwarded.split(",")):
            address = _parse(text.strip())
            if address is None:  # nothing before it can be believed
                break
            client = str(address)
            if not self._is_proxy(client):
                break
        return client

    def _is_proxy(self, text: str) -> bool:
        address = _parse(text)
        return address is not None and any(address in network for network in self._networks)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list, separated by commas.

    Raises:
        ValueError: One of them is no address and no network.
    """
    return tuple(
        ipaddress.ip_network(one.strip(), strict=False) for one in text.split(",") if one.strip()
    )


@lru_cache(_DISTINCT)
def client_subject(address: str) -> str:
    """Return as whom a client counts for limits: IPv6 by its /64, which one person has whole."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False))
    return address if parsed is None else str(parsed)


@lru_cache(_DISTINCT)
def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address, IPv4 where it is one in the clothes of IPv6; None: it is none."""
    host = text.strip("[]") if text.startswith("[") else text
    if host.count(":") == 1:  # IPv4 with a port
        host = host.partition(":")[0]
    elif text.startswith("["):
        host = text[1:].partition("]")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
