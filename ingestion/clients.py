"""Which address a request comes from, also where proxies stand between."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_network

from ingestion.addresses import parse_address
from warehouse.setting_checks import split_list

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
        self._networks = [ip_network(one, strict=False) for one in split_list(networks)]

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
            address = parse_address(text)
            if address is None:  # nothing before it can be believed
                break
            client = str(address)
            if not self._is_proxy(client):
                break
        return client

    def _is_proxy(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and any(address in network for network in self._networks)


@lru_cache(_DISTINCT)
def client_subject(address: str) -> str:
    """Return as whom a client counts for limits: IPv6 by its /64, which one person has whole."""
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, _IPV6_SITE_BITS), strict=False))
    return address if parsed is None else str(parsed)
