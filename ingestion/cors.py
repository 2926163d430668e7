"""What browsers ask before a page of another origin may send, and before it may read the answer.

The WHATWG's Fetch standard, section 3.3 (CORS protocol), and the draft on private network access.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from warehouse.settings import Settings

_REMEMBERED_SECONDS = 7_200  # the most that Chromium heeds
_SENT = "Authorization, Content-Encoding, Content-Type, Traceparent, X-Request-Id, X-Write-Key"
_READ = (
    "Allow, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate, X-Request-Id"
)
_VARY = "Origin"


def answer_headers(origin: str, *, is_allowed: bool) -> Mapping[str, str]:
    """Return the headers that let a page read an answer, where it may.

    Args:
        origin: Of the page.
        is_allowed: Whether it may.
    """
    if not is_allowed:
        return {"vary": _VARY}
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": _READ,
        "vary": _VARY,
    }


def preflight_headers(
    origin: str, methods: Sequence[str], *, is_allowed: bool, asks_for_private_network: bool
) -> Mapping[str, str]:
    """Return the headers that let a page send, where it may.

    Args:
        origin: Of the page.
        methods: That the path takes.
        is_allowed: Whether it may.
        asks_for_private_network: Whether the browser wants to know if a page of the internet may
            reach this address of a private network.
    """
    if not is_allowed:
        return {"vary": _VARY}
    private = {"access-control-allow-private-network": "true"} if asks_for_private_network else {}
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": ", ".join(methods),
        "access-control-allow-headers": _SENT,
        "access-control-max-age": str(_REMEMBERED_SECONDS),
        "vary": _VARY,
        **private,
    }


def own_origins(settings: Settings) -> frozenset[str]:
    """Return the origins of the pages that ingestion itself shows, such as its reference."""
    url = urlsplit(settings.ingestion_url)
    hosts = ("127.0.0.1", "localhost", "[::1]")
    return frozenset(
        {f"{url.scheme}://{url.netloc}", *(f"http://{h}:{settings.ingestion_port}" for h in hosts)}
    )
