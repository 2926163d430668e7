"""What settings may say where a wrong value would open a door: each check returns the value."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pydantic import SecretStr

from warehouse.hosts import is_loopback
from warehouse.origins import ORIGIN_FORM, is_pattern

LEAST_SECRET_BYTES = 32  # RFC 7518, section 3.2: as many as HS256 has


def check_secret(secret: SecretStr | None) -> SecretStr | None:
    """Refuse a secret of tokens that could be guessed.

    Raises:
        ValueError: It is short.
    """
    length = len(secret.get_secret_value().encode()) if secret is not None else 0
    if 0 < length < LEAST_SECRET_BYTES:
        raise ValueError(
            f"it has {length} bytes, and must have {LEAST_SECRET_BYTES} or more: make one with "
            "`openssl rand -base64 48`"
        )
    return secret


def check_key_set(location: str | None) -> str | None:
    """Refuse a place of public keys where somebody on the way could put his own.

    Raises:
        ValueError: It is a URL that is neither https, nor http on this machine.
    """
    if location and "://" in location:
        url = urlsplit(location)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
            raise ValueError("it must be an https URL (http on this machine alone), or a file")
    return location


def check_networks(listed: str) -> str:
    """Refuse a list of networks with one that is none.

    Raises:
        ValueError: One is neither an address nor a network.
    """
    for position, network in enumerate(split_list(listed), 1):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ValueError(
                f"number {position} of the list is neither an address nor a network such as "
                "10.0.0.0/8 or fd00::/8"
            ) from None
    return listed


def check_origins(listed: str) -> str:
    """Refuse a list of web origins with one that is none.

    Raises:
        ValueError: One is no origin.
    """
    for position, origin in enumerate(split_list(listed), 1):
        if not is_pattern(origin):
            raise ValueError(f"number {position} of the list is no origin: {ORIGIN_FORM}")
    return listed


def split_list(listed: str) -> list[str]:
    """Return what a setting lists, separated by commas."""
    return [part for part in map(str.strip, listed.split(",")) if part]


def days_by_source(text: str) -> dict[str, int]:
    """Return the days that a text names for each source.

    >>> days_by_source("shop=365, crm=30")
    {'shop': 365, 'crm': 30}

    Raises:
        ValueError: It is not a list of such pairs.
    """
    found = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        source, sign, days = (word.strip() for word in pair.rpartition("="))
        if not (source and sign and days.isascii() and days.isdigit() and 0 < int(days) < 100_000):
            raise ValueError(f"{pair!r} is no source with a number of days, such as shop=365")
        if source in found:
            raise ValueError(f"{source!r} is there twice")
        found[source] = int(days)
    return found


def check_days_by_source(text: str) -> str:
    """Return a list of days by source as it is.

    Raises:
        ValueError: It is none.
    """
    days_by_source(text)
    return text
