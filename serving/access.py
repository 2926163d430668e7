"""Who may see what.

The API takes the read token as a bearer token. The pages take it at a log-in form and keep it as a
signed cookie. On a machine's loopback address the pages are open to whoever sits at the machine:
there the browser need not log in, as long as it asked for a loopback name and no proxy stands in
between.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from starlette.requests import Request
from starlette.responses import Response

from warehouse.hosts import is_loopback
from warehouse.settings import Settings

COOKIE = "footfall_session"
SESSION_SECONDS = 7 * 24 * 3600
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Access:
    """Decides by token, cookie and address.

    Args:
        settings: For the read token, the bind host and the public address.

    Raises:
        MissingSettingError: There is no read token.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = settings.require("read_token").encode()
        self._is_open_on_loopback = is_loopback(settings.bind_host)
        self._is_secure = settings.serving_url.startswith("https://")

    def may_read(self, request: Request) -> bool:
        """Return whether a request to the API carries the read token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(token.strip())

    def may_view(self, request: Request) -> bool:
        """Return whether a request to a page may see figures and the generated sites."""
        return self._is_local(request) or self.has_session(request) or self.may_read(request)

    def has_session(self, request: Request) -> bool:
        """Return whether the browser has logged in, not too long ago."""
        expires, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(expires).encode()):
            return False
        return int(expires) > time.time()

    def is_token(self, token: str) -> bool:
        """Return whether a text is the read token, in a time that does not depend on the text."""
        return hmac.compare_digest(token.encode(errors="replace"), self._token)

    def start_session(self, response: Response) -> None:
        """Let the browser that gets this response view the pages for a week."""
        expires = str(int(time.time()) + SESSION_SECONDS)
        response.set_cookie(
            COOKIE,
            f"{expires}.{self._signature(expires)}",
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
        )

    def end_session(self, response: Response) -> None:
        """Make the browser that gets this response forget that it logged in."""
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=self._is_secure)

    def _signature(self, expires: str) -> str:
        return hmac.new(self._token, f"session {expires}".encode(), hashlib.sha256).hexdigest()

    def _is_local(self, request: Request) -> bool:
        return (
            self._is_open_on_loopback
            and request.client is not None
            and is_loopback(request.client.host)
            # a foreign name that resolves to 127.0.0.1 must not read along in a local browser
            and is_loopback(request.url.hostname or "")
            and not any(header in request.headers for header in _PROXY_HEADERS)
        )
