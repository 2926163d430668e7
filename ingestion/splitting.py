"""Telling the events of a request body apart, without yet looking into them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import msgspec

from ingestion.answers import RefusedError
from ingestion.request import Request

_list = msgspec.json.Decoder(list[msgspec.Raw])
_BLANKS = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


class _Envelope(msgspec.Struct):
    events: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_envelope = msgspec.json.Decoder(_Envelope)


def split(body: bytes, content_type: str) -> Sequence[bytes]:
    """Return the JSON of each event in a body.

    Args:
        body: One event, an array of events, an object with such an array under ``events``, or
            events one to a line (NDJSON).
        content_type: The request's content type; empty where it has none.

    Raises:
        RefusedError: It is none of these, so that no event can be told apart.
    """
    body = body.strip(_BLANKS)
    if body[:3] == _BYTE_ORDER_MARK:
        body = body[3:].lstrip()
    if "ndjson" in content_type or "jsonl" in content_type or "json-lines" in content_type:
        return _lines(body)
    first = body[:1]
    if first == b"[":
        return _elements(body)
    if first != b"{":
        raise RefusedError(400, "not_json", f"the body is no JSON object or array{_hint(body)}")
    if b"\n" in body and _is_ndjson(body):
        return _lines(body)
    if b'"events"' in body:
        events = _enveloped(body)
        if events is not None:
            return events
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        _check_lenient(body)
    return [body]


def whole(body: bytes, request: Request) -> Sequence[bytes]:
    """Return a body that is one event, and nothing else.

    Raises:
        RefusedError: It is no JSON object.
    """
    body = body.strip(_BLANKS).removeprefix(_BYTE_ORDER_MARK)
    if body[:1] != b"{":
        raise RefusedError(400, "not_json", f"the body is no JSON object{_hint(body)}")
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        _check_lenient(body)
    return [body]


def _lines(body: bytes) -> list[bytes]:
    lines = [stripped for line in body.split(b"\n") if (stripped := line.strip())]
    if lines and not any(line[:1] == b"{" for line in lines):
        raise RefusedError(400, "not_json", "no line of the body is a JSON object")
    return lines


def _is_ndjson(body: bytes) -> bool:
    """Return whether the first line is a whole object by itself, so that the rest are others."""
    first, _, rest = body.partition(b"\n")
    if not rest.strip():
        return False
    try:
        msgspec.json.decode(first, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _enveloped(body: bytes) -> Sequence[bytes] | None:
    try:
        envelope = _envelope.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _lenient_envelope(body)
    if envelope.events is msgspec.UNSET or bytes(envelope.events)[:1] != b"[":
        return None
    return _elements(bytes(envelope.events))


def _elements(array: bytes) -> list[bytes]:
    try:
        return [bytes(raw) for raw in _list.decode(array)]
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        # What one event has wrong must not cost its neighbours theirs.
        parts = _split_by_brackets(array)
        for part in parts:
            _check_lenient(part)
        return parts


def _lenient_envelope(body: bytes) -> list[bytes] | None:
    """Find the array under ``events`` in an object that a strict decoder refuses."""
    for part in _split_by_brackets(body):
        key, colon, value = part.partition(b":")
        value = value.strip()
        if key.strip() == b'"events"' and colon and value[:1] == b"[":
            return _elements(value)
    return None


def _split_by_brackets(text: bytes) -> list[bytes]:
    """Split an array or object at its own commas, however deep it is nested.

    Raises:
        RefusedError: Its brackets do not match.
    """
    depth = 0
    start = 1
    parts: list[bytes] = []
    closing: list[bytes] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
            closing.append(b"]" if mark == b"[" else b"}")
        elif mark in (b"]", b"}"):
            if not closing or closing.pop() != mark:
                break
            depth -= 1
            if depth == 0:
                if text[token.end() :].strip():
                    break
                last = text[start : token.start()].strip()
                return [*parts, last] if last else parts
        elif mark == b"," and depth == 1:
            parts.append(text[start : token.start()].strip())
            start = token.end()
    raise RefusedError(400, "not_json", "the body is not JSON: its brackets do not match")


def _check_lenient(part: bytes) -> None:
    """Accept what a lenient reader calls JSON: its own verdict follows when it is decoded.

    Raises:
        RefusedError: It is no JSON at all.
    """
    try:
        json.loads(part, parse_float=str, parse_int=str)
    except (UnicodeDecodeError, RecursionError):
        return
    except ValueError as error:
        raise RefusedError(400, "not_json", f"the body is not JSON: {error}") from error


def _hint(body: bytes) -> str:
    if not body:
        return ": it is empty"
    if body[:2] == b"\x1f\x8b":
        return ": it is gzip; say so by Content-Encoding: gzip"
    return ""
