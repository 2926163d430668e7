"""What the doctor looks at, and what it finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from warehouse.settings import Settings


class Problem(NamedTuple):
    """Something that is wrong.

    Attributes:
        what: What, as a sentence for people; names no secret.
        remedy: What to do, as a sentence for people.
    """

    what: str
    remedy: str


@dataclass(frozen=True)
class Subject:
    """An installation.

    Attributes:
        home: The state directory.
        values: Every ``NAME=value`` of its ``footfall.env``.
        settings: What follows from that and from the environment.
        now: When it is looked at.
    """

    home: Path
    values: Mapping[str, str]
    settings: Settings
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


class Check(NamedTuple):
    """One thing that is looked at.

    Attributes:
        name: What is fine where nothing is found.
        find: Yields what is wrong.
        needs_database: Whether Postgres has to answer.
    """

    name: str
    find: Callable[[Subject], Iterator[Problem]]
    needs_database: bool = False


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        check: Its name.
        problems: What is wrong; none: it is fine.
        was_made: Whether it could be looked at.
    """

    check: str
    problems: tuple[Problem, ...]
    was_made: bool = True
