"""What is corrected in an event: fields that are set, unset and renamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ingestion.quarantine.paths import (
    Path,
    move,
    parse_path,
    put,
    split_assignment,
    take,
)
from ingestion.rewriting import read, write
from warehouse.errors import OperatorError


class CorrectionError(OperatorError):
    """An event cannot be corrected so; the message says why, and what can be done."""


class Corrections(NamedTuple):
    """What is corrected, in this order.

    Attributes:
        renames: Old and new paths.
        unsets: Paths that are removed.
        sets: Paths with the values that they get.
    """

    renames: Sequence[tuple[Path, Path]] = ()
    unsets: Sequence[Path] = ()
    sets: Sequence[tuple[Path, Any]] = ()

    @classmethod
    def parse(
        cls, *, renames: Sequence[str], unsets: Sequence[str], sets: Sequence[str]
    ) -> Corrections:
        """Return corrections that are given as words.

        Args:
            renames: As ``OLD=NEW``.
            unsets: Paths.
            sets: As ``PATH=VALUE``, the value being JSON where it is, else text.

        Raises:
            CorrectionError: Words are none of these.
            PathError: A path is none.
        """
        return cls(
            [_rename(text) for text in renames],
            [parse_path(text) for text in unsets],
            [_set(text) for text in sets],
        )

    def apply(self, text: str) -> str:
        """Return an event's JSON, corrected; numbers that are not set keep their digits.

        Raises:
            CorrectionError: The JSON cannot be read or written.
            PathError: A path leads nowhere, or to where something else is.
        """
        document = read_object(text)
        for old, new in self.renames:
            move(document, old, new)
        for path in self.unsets:
            take(document, path)
        for path, value in self.sets:
            put(document, path, value)
        return write_object(document)


def replacement(text: str) -> Callable[[str], str]:
    """Return the correction that puts a whole event in another's place.

    Args:
        text: The event, as JSON of the canonical format.

    Raises:
        CorrectionError: It is no JSON object.
    """
    try:
        event = write_object(read_object(text, is_strict=True))
    except CorrectionError as error:
        raise CorrectionError("what was given is no JSON object: nothing was changed") from error
    return lambda _: event


def read_object(text: str, *, is_strict: bool = False) -> dict[str, Any]:
    """Return an event's JSON as an object.

    Args:
        text: The JSON.
        is_strict: Whether NaN and the like are refused.

    Raises:
        CorrectionError: It is no JSON object.
    """
    try:
        document = read(text.encode(), is_strict=is_strict)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise CorrectionError(
            "it is no JSON object, so that no field of it can be corrected: replace it by --edit "
            "or --from-file FILE"
        )
    return document


def write_object(document: dict[str, Any]) -> str:
    """Return an object as JSON.

    Raises:
        CorrectionError: It holds text that is none.
    """
    try:
        return write(document).decode()
    except (ValueError, RecursionError) as error:
        raise CorrectionError(
            "it holds half a surrogate pair, or is nested too deep: set or unset that field too, "
            "or replace the event by --edit or --from-file FILE"
        ) from error


def _rename(text: str) -> tuple[Path, Path]:
    parts = split_assignment(text)
    if parts is None:
        raise CorrectionError(f"--rename {text!r} is not OLD=NEW")
    return parts[0], parse_path(parts[1])


def _set(text: str) -> tuple[Path, Any]:
    parts = split_assignment(text)
    if parts is None:
        raise CorrectionError(f"--set {text!r} is not PATH=VALUE")
    path, given = parts
    try:
        return path, read(given.encode(), is_strict=True)
    except (ValueError, RecursionError):
        return path, given
