"""What an event may be at most, whatever it says: size, depth, length of text, size of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ingestion.verdict import QuarantineError
from warehouse.settings import Settings

# Ids lead the keys of indexes, where Postgres takes 2,704 bytes for all columns together.
MAX_ID_BYTES = 255
MAX_ENTITY_ID_BYTES = 1_024
LONGEST_CHARACTER = 4  # bytes, in UTF-8
# Of a number inside context and properties: what fits numeric(38, 3).
MAX_INTEGER_DIGITS = 30
MAX_FRACTION_DIGITS = 60

_NUL_OR_SURROGATE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# A long number, or one with an exponent, in small letters and once every digit has become a zero.
# Spelt out: with a repetition in it, the search for any of the alternatives is six times as slow.
SUSPICIOUS_NUMBER = b"0e|" + b"0" * 18


class Limits(NamedTuple):
    """The limits on a single event.

    Attributes:
        max_event_bytes: Its JSON, in bytes.
        max_depth: Nesting of objects and arrays; the event itself is the first level.
        max_string_length: Any text in it, in characters.
    """

    max_event_bytes: int
    max_depth: int
    max_string_length: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return the limits that the settings set."""
        return cls(settings.max_event_bytes, settings.max_depth, settings.max_string_length)

    def check_size(self, raw: bytes) -> None:
        """Hold an event's JSON against the limit on its size.

        Raises:
            QuarantineError: It is too large.
        """
        if len(raw) > self.max_event_bytes:
            raise QuarantineError(
                "event_too_large",
                None,
                f"the event has {len(raw)} bytes, and FOOTFALL_MAX_EVENT_BYTES allows "
                f"{self.max_event_bytes}: send less in one event",
            )

    def check_content(self, raw: bytes, content: bytes) -> None:
        """Hold an event's content against the limits, and against what Postgres can hold.

        Only what a look at the bytes makes suspicious is read value by value.

        Args:
            raw: The event as JSON that has been decoded once without error.
            content: Its context and properties, one after the other.

        Raises:
            QuarantineError: It holds what cannot be stored.
        """
        if (
            len(raw) > self.max_string_length
            # context and properties are the second level themselves
            or content.count(b"{") + content.count(b"[") >= self.max_depth
            or (b"\\" in raw and _NUL_OR_SURROGATE.search(raw))
        ):
            self._inspect(raw)

    def _inspect(self, raw: bytes) -> None:
        try:
            event = _read(raw)
        except RecursionError as error:
            raise self._too_deep(None) from error
        for path, depth, value in _walk(event):
            if depth > self.max_depth:
                raise self._too_deep(path)
            if isinstance(value, str) and not isinstance(value, _Number):
                self._check_text(path, value)

    def _check_text(self, path: str, text: str) -> None:
        if len(text) > self.max_string_length:
            raise QuarantineError(
                "string_too_long",
                path[:200],
                f"text of {len(text)} characters, and FOOTFALL_MAX_STRING_LENGTH allows "
                f"{self.max_string_length}: shorten it",
            )
        if not is_storable(text):
            raise QuarantineError(
                "invalid_text",
                printable(path),
                "text with a NUL character or half a surrogate pair, which Postgres cannot hold: "
                "remove it",
            )

    def _too_deep(self, path: str | None) -> QuarantineError:
        return QuarantineError(
            "too_deep",
            None if path is None else printable(path),
            f"objects and arrays are nested deeper than FOOTFALL_MAX_DEPTH ({self.max_depth}) "
            "allows: send a flatter event",
        )


def check_numbers(context: bytes, properties: bytes) -> None:
    """Hold the numbers in context and properties against what Postgres can hold.

    Not those of the event as received: each dialect has its own places for numbers.

    Raises:
        QuarantineError: One of them is too large or too fine.
    """
    for group, text in (("context", context), ("properties", properties)):
        for path, _, value in _walk(_read(text), group):
            if isinstance(value, _Number):
                _check_number(path, value)


def check_id(name: str, value: str, limit: int = MAX_ID_BYTES) -> None:
    """Hold an id against the length that an index can take.

    Raises:
        QuarantineError: It is too long.
    """
    if len(value) * LONGEST_CHARACTER > limit and len(value.encode()) > limit:
        raise QuarantineError(
            "id_too_long", name, f"{name} has more than {limit} bytes: send a shorter id"
        )


def is_storable(text: str) -> bool:
    """Return whether Postgres can hold a text: no NUL, and no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def printable(text: str) -> str:
    """Return text that Postgres and JSON can hold: what they cannot, escaped."""
    return (
        text.replace("\x00", "\\u0000").encode("utf-8", "backslashreplace").decode("utf-8")[:1_000]
    )


class _Number(str):
    """A JSON number as written."""

    __slots__ = ()


def _read(content: bytes) -> Any:
    """Return JSON with its numbers as they are written.

    Raises:
        QuarantineError: It is not UTF-8, which a decoder that skips does not see.
    """
    try:
        return json.loads(content, parse_float=_Number, parse_int=_Number)
    except ValueError as error:
        raise QuarantineError(
            "invalid_text", None, "the event is not UTF-8: encode the request as UTF-8"
        ) from error


def _walk(value: object, root: str = "") -> Iterator[tuple[str, int, Any]]:
    """Yield every value, and every key as text, with its path and depth."""
    pending: list[tuple[str, int, Any]] = [(root, 1, value)]
    while pending:
        path, depth, current = pending.pop()
        yield path, depth if isinstance(current, dict | list) else 0, current
        if isinstance(current, dict):
            for key, child in current.items():
                below = f"{path}.{key[:100]}" if path else key[:100]
                yield below, 0, key
                pending.append((below, depth + 1, child))
        elif isinstance(current, list):
            pending.extend((f"{path}[{n}]", depth + 1, child) for n, child in enumerate(current))


def _check_number(path: str, text: str) -> None:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < -MAX_FRACTION_DIGITS
    if number.adjusted() >= MAX_INTEGER_DIGITS or too_fine:
        raise QuarantineError(
            "number_out_of_range",
            printable(path),
            f"a number may have {MAX_INTEGER_DIGITS} digits before the point and "
            f"{MAX_FRACTION_DIGITS} after it: send it as a string",
        )
