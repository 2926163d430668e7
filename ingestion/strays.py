"""What a request gets that no page and no endpoint takes: a refusal that names the remedy."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from ingestion.answers import RefusedError
from ingestion.gate import Gate
from ingestion.metrics import Metrics

logger = logging.getLogger(__name__)


class OtherMethods:
    """Answers the methods that a path of endpoints does not take; an ASGI application."""

    def __init__(self, methods: Sequence[str], gate: Gate) -> None:
        """Know what it does take.

        Args:
            methods: Its methods.
            gate: Which pages of other origins may send.
        """
        self._methods = methods
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer browsers that ask before they send, and refuse whatever else it is."""
        if scope["method"] != "OPTIONS":
            raise HTTPException(405, headers={"Allow": ", ".join(self._methods)})
        let_in = await self._gate.preflight(dict(scope["headers"]), self._methods)
        headers = {"allow": _with_options(self._methods), **let_in}
        await Response(status_code=204, headers=headers)(scope, receive, send)


class Strays:
    """Turns what was raised on the way to a page into an answer, and counts it."""

    def __init__(self, routes: Sequence[BaseRoute], metrics: Metrics) -> None:
        """Know where there is something.

        Args:
            routes: All of them.
            metrics: Where refusals are counted.
        """
        self._routes = routes
        self._metrics = metrics

    async def answer(self, request: Request, error: Exception) -> Response:
        """Return the answer that an exception stands for."""
        allowed = ""
        if isinstance(error, HTTPException) and error.status_code == 405:
            allowed = _with_options((error.headers or {})["Allow"].split(", "))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"allow": allowed})
        refused = self._refusal(request, error, allowed)
        self._metrics.turned_away("", refused.status, refused.code)
        outcome = {"status": refused.status, "code": refused.code}
        logger.info("refused", extra={"fields": outcome})
        answer = refused.answer()
        return Response(answer.body, answer.status, answer.headers, "application/json")

    def _refusal(self, request: Request, error: Exception, allowed: str) -> RefusedError:
        if isinstance(error, RefusedError):
            return error
        if not isinstance(error, HTTPException):
            return RefusedError(500, "internal", "ingestion failed: try again")
        if allowed:
            return RefusedError(
                405,
                "method_not_allowed",
                f"this path takes {allowed} alone",
                {"allow": allowed},
            )
        return RefusedError(
            404, "not_found", f"there is nothing at this path: {self._hint(request)}"
        )

    def _hint(self, request: Request) -> str:
        """Return what the sender may have meant, without repeating what was sent."""
        path = request.scope["path"]
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        for route in self._routes:
            if (
                isinstance(route, Route)
                and route.matches({**request.scope, "path": other})[0] != Match.NONE
            ):
                return f"did you mean {route.path}"
        return "/docs lists what there is"


def _with_options(methods: Iterable[str]) -> str:
    return ", ".join(sorted({*methods, "OPTIONS"}))
