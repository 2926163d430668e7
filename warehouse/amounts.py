"""Amounts as people read them."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size(number: int | None) -> str:
    """Return a number of bytes in the unit that suits it; a dash where nobody knows it.

    >>> size(999), size(1_500_000), size(None)
    ('999 bytes', '1.5 MB', '-')
    """
    if number is None:
        return "-"
    amount = float(number)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == _UNITS[0] else f"{amount:.1f} {unit}"
