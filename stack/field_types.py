"""What a field of an event type may hold, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.plan import FieldSpec


def describe_type(field: FieldSpec, quote: str = "") -> str:
    """Return a field's type with its limits, or the values that it may have.

    Args:
        field: The field.
        quote: What values stand in.
    """
    if field.allowed:
        return "one of " + ", ".join(f"{quote}{value}{quote}" for value in field.allowed)
    bounds = [
        f"{words} {value:g}"
        for words, value in (("from", field.minimum), ("to", field.maximum))
        if value is not None
    ]
    return ", ".join(filter(None, [field.type or "", *bounds, field.unit or ""]))
