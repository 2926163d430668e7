"""A first look at an event's context and properties, which settles most of what is to be checked.

To read every value of every event costs more than all the rest. Nearly all events hold no address,
no user agent and no number that Postgres could not take, and one pass over the bytes shows it.
"""

from __future__ import annotations

import re

from ingestion.limits import SUSPICIOUS_NUMBER
from ingestion.personal_names import HINT

# small letters, and every digit a zero, so that both patterns may look at once
_FOLDED = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"000000000"))
_UNUSUAL = re.compile(HINT + rb"|" + SUSPICIOUS_NUMBER)


def looks_plain(content: bytes) -> bool:
    """Return whether JSON certainly names no address and no user agent, and has no odd number.

    Args:
        content: JSON, or several pieces of it one after the other.
    """
    return _UNUSUAL.search(content.translate(_FOLDED)) is None
