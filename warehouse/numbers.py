"""Event ids as numbers, for the senders whose ids are numbers.

JavaScript holds whole numbers up to 53 bits, so an event's number is the last 53 bits of its id.
That says nothing of the rest of the id; where a number must lead back to the event, the event gets
an id that is made of the number.
"""

from __future__ import annotations

import secrets
from uuid import UUID

_BITS = 53
LARGEST = (1 << _BITS) - 1
# Version 8, which is for layouts of one's own; what stands before the number is always this.
_NUMBERED = UUID("f007fa11-e7e1-8000-8000-000000000000").int


def number_of(event_id: str | UUID) -> int:
    """Return an event's number, which is the same for every copy of the event.

    >>> number_of("01939d2c-8a00-7000-8000-00000000002a")
    42
    """
    return UUID(str(event_id)).int & LARGEST


def new_number() -> int:
    """Return a number that in all likelihood no event has yet."""
    return 1 + secrets.randbelow(LARGEST)


def numbered_id(number: int) -> str:
    """Return the event id that is made of a number; :func:`number_of` leads back.

    >>> numbered_id(42)
    'f007fa11-e7e1-8000-8000-00000000002a'

    Raises:
        ValueError: The number has more than 53 bits, or is negative.
    """
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is no number of 53 bits")
    return str(UUID(int=_NUMBERED | number))


def is_numbered(event_id: str | UUID) -> bool:
    """Return whether an event id is made of its number."""
    return UUID(str(event_id)).int & ~LARGEST == _NUMBERED


def as_given(text: str | None) -> str | int | None:
    """Return an id as its sender most likely wrote it: digits are a number.

    Ids are text in the warehouse. Those of older systems are numbers, and are so in the answers to
    them; numbers that JavaScript would round stay text.

    >>> as_given("123"), as_given("0123"), as_given("bottle")
    (123, '0123', 'bottle')
    """
    if text is None or not text.isascii() or not text.removeprefix("-").isdigit():
        return text
    number = int(text) if len(text) <= len(str(LARGEST)) + 1 else LARGEST + 1
    return number if abs(number) <= LARGEST and str(number) == text else text
