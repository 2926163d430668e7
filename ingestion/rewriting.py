"""Taking out of JSON text what stands under certain names, without touching the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from ingestion.personal_names import Kind, kind_of

# of a character that JSON takes as it is: no control character, quotation mark or backslash
_NEEDLESS_ESCAPE = re.compile(r"\\u00(?!22|5[cC])([2-7][0-9a-fA-F])")

Replace = Callable[[Kind, object], Any]


def read(text: bytes, *, is_strict: bool = False) -> Any:
    """Return JSON as Python objects, in which each number keeps the digits that it came with.

    Args:
        text: JSON.
        is_strict: Whether the constants are refused that many programs write and JSON does not
            have, such as NaN.

    Raises:
        ValueError: It is no JSON, or not UTF-8.
        RecursionError: It is nested too deep.
    """
    return (_STRICT if is_strict else _LENIENT).decode(text.decode())


def write(value: object) -> bytes:
    """Return as JSON what :func:`read` has returned.

    Raises:
        ValueError: A text has half a surrogate pair.
    """
    return msgspec.json.encode(value)


def replace_named(value: object, replace: Replace) -> bool:
    """Replace what stands under the names of addresses and user agents, at any depth, in place.

    Args:
        value: What :func:`read` has returned.
        replace: Given the kind of a name and its value, returns what stands there instead; None:
            the name goes too.

    Returns:
        Whether there was anything.
    """
    found = False
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            for name, child in list(current.items()):
                kind = kind_of(name)
                if kind is None:
                    pending.append(child)
                    continue
                found = True
                instead = replace(kind, child)
                if instead is None:
                    del current[name]
                else:
                    current[name] = instead
        elif isinstance(current, list):
            pending.extend(current)
    return found


def unescape(text: str) -> str:
    """Return text that looks like JSON with all ASCII characters spelt as themselves."""
    return _NEEDLESS_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _as_written(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


def _refuse(constant: str) -> msgspec.Raw:
    raise ValueError(f"JSON has no {constant}")


_LENIENT, _STRICT = (
    json.JSONDecoder(parse_int=_as_written, parse_float=_as_written, parse_constant=constant)
    for constant in (_as_written, _refuse)
)
