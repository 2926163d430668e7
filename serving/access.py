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
ADMIN_COOKIE = "footfall_admin"
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
        admin = settings.admin_token
        self._admin_token = admin.get_secret_value().encode() if admin else None
        self._is_open_on_loopback = is_loopback(settings.bind_host)
        self._is_secure = settings.serving_url.startswith("https://")

    def may_read(self, request: Request) -> bool:
        """Return whether a request to the API carries the read token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.is_token(token.strip())

    def may_view(self, request: Request) -> bool:
        """Return whether a request to a page may see figures and the generated sites."""
        return self._is_local(request) or self.has_session(request) or self.may_read(request)

    def is_administrator(self, request: Request) -> bool:
        """Return whether a request carries the admin token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.is_admin_token(token.strip())

    def may_administer(self, request: Request) -> bool:
        """Return whether a request to a page may see what is for operators."""
        return (
            self._is_local(request)
            or self._has_cookie(request, ADMIN_COOKIE, self._admin_token)
            or self.is_administrator(request)
        )

    def has_session(self, request: Request) -> bool:
        """Return whether the browser has logged in, not too long ago."""
        return self._has_cookie(request, COOKIE, self._token)

    def is_token(self, token: str) -> bool:
        """Return whether a text is the read token, in a time that does not depend on the text."""
        return hmac.compare_digest(token.encode(errors="replace"), self._token)

    def is_admin_token(self, token: str) -> bool:
        """Return whether a text is the admin token; never, where there is none."""
        if self._admin_token is None:
            return False
        return hmac.compare_digest(token.encode(errors="replace"), self._admin_token)

    def start_session(self, response: Response, *, as_administrator: bool = False) -> None:
        """Let the browser that gets this response view the pages for a week.

        Args:
            response: What the browser gets.
            as_administrator: Also those that are for operators.
        """
        expires = str(int(time.time()) + SESSION_SECONDS)
        tokens = {COOKIE: self._token}
        if as_administrator and self._admin_token is not None:
            tokens[ADMIN_COOKIE] = self._admin_token
        for name, token in tokens.items():
            response.set_cookie(
                name,
                f"{expires}.{_signature(token, expires)}",
                max_age=SESSION_SECONDS,
                httponly=True,
                samesite="lax",
                secure=self._is_secure,
            )

    def end_session(self, response: Response) -> None:
        """Make the browser that gets this response forget that it logged in."""
        for name in (COOKIE, ADMIN_COOKIE):
            response.delete_cookie(name, httponly=True, samesite="lax", secure=self._is_secure)

    def _has_cookie(self, request: Request, name: str, token: bytes | None) -> bool:
        expires, _, signature = request.cookies.get(name, "").partition(".")
        if token is None or not hmac.compare_digest(
            signature.encode(), _signature(token, expires).encode()
        ):
            return False
        return int(expires) > time.time()

    def _is_local(self, request: Request) -> bool:
        return (
            self._is_open_on_loopback
            and request.client is not None
            and is_loopback(request.client.host)
            # a foreign name that resolves to 127.0.0.1 must not read along in a local browser
            and is_loopback(request.url.hostname or "")
            and not any(header in request.headers for header in _PROXY_HEADERS)
        )


def _signature(token: bytes, expires: str) -> str:
    return hmac.new(token, f"session {expires}".encode(), hashlib.sha256).hexdigest()
