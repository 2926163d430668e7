"""Who may read the figures of ingestion: this machine, and whoever administers it."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from ingestion.answers import RefusedError
from warehouse.settings import Settings

_LOOPBACK = ("127.", "::1", "::ffff:127.")
# A proxy on this machine passes on what comes from elsewhere.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def check_observer(request: Request, settings: Settings) -> None:
    """Let a request through that may read the figures.

    Args:
        request: The request.
        settings: With the token of whoever administers.

    Raises:
        RefusedError: It comes from elsewhere, and without the token.
    """
    if _is_from_here(request):
        return
    if settings.admin_token is None:
        raise RefusedError(
            403,
            "forbidden",
            "this machine alone may read it: set FOOTFALL_ADMIN_TOKEN, and send it from elsewhere",
        )
    token = settings.admin_token.get_secret_value().encode()
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token):
        raise RefusedError(
            401,
            "unauthorized",
            "send FOOTFALL_ADMIN_TOKEN as Authorization: Bearer <token>",
            {"www-authenticate": 'Bearer realm="footfall"'},
        )


def _is_from_here(request: Request) -> bool:
    client = request.client.host if request.client else ""
    return client.startswith(_LOOPBACK) and not any(name in request.headers for name in _FORWARDED)
