"""Candidates that are right, and what can be wrong with them: a module for each domain of marts."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

Row = Mapping[str, object]
Change = tuple[str, str, Sequence[str]]

MONDAY = date(2024, 6, 3)
NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Cases:
    """What a domain's gate lets through, and what it does not.

    Attributes:
        rows: Good rows of each mart.
        defects: Mart, assignments of an ``update`` of its good rows, and the rules that keep what
            comes of it from being published.
        oddities: The same for rules that warn.
        signed: Figures that may be negative.
    """

    rows: Mapping[str, Sequence[Row]]
    defects: Sequence[Change]
    oddities: Sequence[Change] = ()
    signed: frozenset[str] = frozenset()


def by_domain() -> dict[str, Cases]:
    """Return the cases of every domain that has a module here."""
    return {
        module.name: importlib.import_module(f"{__name__}.{module.name}").CASES
        for module in pkgutil.iter_modules(__path__)
    }
