"""What goes back to the sender where a request as a whole is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

JSON = b"application/json"


class Answer(NamedTuple):
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        body: Its JSON.
        headers: Headers besides content type and length, names in lower case.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class RefusedError(Exception):
    """A request from which nothing was taken.

    Attributes:
        status: HTTP status.
        code: Stable name of the problem.
        message: What is wrong and how to mend it.
        headers: Headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> Answer:
        """Return it as ``{"error": {"code": …, "message": …}}``."""
        body = msgspec.json.encode({"error": {"code": self.code, "message": self.message}})
        return Answer(self.status, body, self.headers)
