"""A request as dialects see it, and reading its body within the limits."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from ingestion.answers import RefusedError
from ingestion.catalogue import Catalogue
from ingestion.patience import Patience
from ingestion.sender import Sender
from ingestion.server.exchange import BodyTooLargeError, DisconnectedError, Exchange
from warehouse.settings import Settings

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 65_536
_DISCARDED_BODIES = 4
_NO_CATALOGUE = Catalogue({})


class Request(NamedTuple):
    """What a dialect may want to know besides the body.

    Attributes:
        sender: Who sends.
        headers: Header values by name in lower case.
        client: IP address of the sender; empty where unknown.
        parameters: The parameters in the path, by name.
        catalogue: The event types that there are.
        found: What the endpoint's ``prepare`` found out; None where it has none.
    """

    sender: Sender
    headers: Mapping[bytes, bytes]
    client: str
    parameters: Mapping[str, str] = {}
    catalogue: Catalogue = _NO_CATALOGUE
    found: Any = None

    def header(self, name: bytes) -> str:
        """Return a header's value as text; empty where there is none."""
        return self.headers.get(name, b"").decode("latin-1")

    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie; None where there is none."""
        for pair in self.header(b"cookie").split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value or None
        return None


_patience = Patience()


async def read_body(exchange: Exchange, limit: int, seconds: float) -> bytes:
    """Return a request's body, decompressed.

    Args:
        exchange: The request.
        limit: Most bytes that it may have, compressed and decompressed.
        seconds: How long it may take to arrive.

    Raises:
        RefusedError: It is too large, too slow, not in the encoding that it claims, or in one that
            is unknown; or the sender went away before its end.
    """
    headers = exchange.headers
    encoding = headers.get(b"content-encoding")
    if encoding is not None:
        encoding = encoding.strip().lower()
        if encoding not in (b"", b"identity", b"gzip", b"x-gzip"):
            raise RefusedError(
                415,
                "unsupported_encoding",
                "the body is compressed in a way that is not understood: send gzip or plain",
                {"accept-encoding": "gzip, identity"},
            )
    try:
        if exchange.is_over:
            body = await exchange.read(limit)
        else:
            announced = headers.get(b"content-length", b"0")
            if announced.isdigit() and int(announced) > limit:
                raise _too_large(limit)
            body = await _patience.wait(exchange.read(limit), seconds)
    except TimeoutError as error:
        raise RefusedError(
            408,
            "body_too_slow",
            f"the body did not arrive within {seconds:g} seconds (FOOTFALL_BODY_TIMEOUT_SECONDS): "
            "send smaller batches",
            {"connection": "close"},
        ) from error
    except BodyTooLargeError:
        raise _too_large(limit) from None
    except DisconnectedError:
        raise RefusedError(
            400, "incomplete", "the sender went away before the end of the body"
        ) from None
    return gunzip(body, limit) if encoding in (b"gzip", b"x-gzip") else body


async def discard_body(exchange: Exchange, settings: Settings) -> None:
    """Read what nobody wants: a sender that is still writing would not see the answer.

    Args:
        exchange: The request.
        settings: How much a body may hold, of which a few times as much is read, and how long it
            may take.
    """
    if not exchange.is_over:
        limit = _DISCARDED_BODIES * settings.max_body_bytes
        await exchange.discard(limit, settings.body_timeout_seconds)


def gunzip(data: bytes, limit: int) -> bytes:
    """Decompress gzip, and stop where it grows beyond a limit.

    Args:
        data: One or more gzip members.
        limit: Most bytes that may come out.

    Raises:
        RefusedError: It is no gzip, is cut short, or more than ``limit`` bytes came out.
    """
    pieces = []
    size = 0
    while data:
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            try:
                piece = member.decompress(data, min(_PIECE, limit - size + 1))
            except zlib.error as error:
                raise RefusedError(400, "not_gzip", f"the body is not gzip: {error}") from error
            data = member.unconsumed_tail
            if not piece and not data and not member.eof:
                raise RefusedError(400, "not_gzip", "the body is gzip that is cut short")
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            pieces.append(piece)
        data = member.unused_data.lstrip(b"\x00")
    return b"".join(pieces)


def _too_large(limit: int) -> RefusedError:
    return RefusedError(
        413,
        "body_too_large",
        f"the body has more than {limit} bytes (FOOTFALL_MAX_BODY_BYTES): send smaller batches",
    )
