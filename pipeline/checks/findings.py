"""What a check finds: a condition that holds now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pipeline.alerts import Severity
from warehouse.connections import Connection
from warehouse.settings import Settings


@dataclass(frozen=True)
class Finding:
    """A condition that holds.

    Attributes:
        condition: Its name, one of ``pipeline.conditions``.
        severity: How bad it is.
        summary: A sentence for people, with the figures.
        detail: What helps to find the cause.
    """

    condition: str
    severity: Severity
    summary: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class Check(NamedTuple):
    """A check.

    Attributes:
        name: The condition that it looks for; of a family what comes before the colon.
        find: Says what holds at a moment.
    """

    name: str
    find: Callable[[Connection, Settings, datetime], Iterable[Finding]]
