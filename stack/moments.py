"""Times as they are typed after an option."""

from __future__ import annotations

import datetime as dt

from warehouse.errors import OperatorError


def parse_moment(option: str, given: str) -> dt.datetime:
    """Return a time; without a zone it is UTC.

    Args:
        option: After which it was typed, for the message.
        given: ISO 8601: a date, or date and time.

    Raises:
        OperatorError: It is no time.
    """
    try:
        moment = dt.datetime.fromisoformat(given)
    except ValueError as error:
        raise OperatorError(
            f"{option} {given!r} is no time: write one such as 2026-11-21T12:00:00Z"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
