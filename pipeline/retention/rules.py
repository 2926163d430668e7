"""How many days an event is kept: what the settings say, else what the catalogue says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from warehouse.errors import OperatorError
from warehouse.setting_checks import days_by_source
from warehouse.settings import Settings


class EventClass(NamedTuple):
    """What decides how long an event is kept."""

    source: str
    category: str
    event_type: str


@dataclass(frozen=True)
class Rules:
    """Days that events are kept. The first that says something about an event counts.

    Attributes:
        by_source: Days of single sources.
        always: Days of all other events; None: as the catalogue says.
        by_type: Days of each event type of the catalogue, by category and type.
        by_category: Days of each category, for types that it does not have.
        otherwise: Days of events of which the catalogue has not even the category.
    """

    by_source: Mapping[str, int]
    always: int | None
    by_type: Mapping[tuple[str, str], int]
    by_category: Mapping[str, int]
    otherwise: int

    @property
    def shortest(self) -> int:
        """The fewest days that anything is kept."""
        general = [self.always] if self.always is not None else [*self.by_type.values()]
        return min([*general, *self.by_source.values()])

    def days(self, event: EventClass) -> int:
        """Return how many days events of a class are kept."""
        if event.source in self.by_source:
            return self.by_source[event.source]
        if self.always is not None:
            return self.always
        known = self.by_type.get((event.category, event.event_type))
        if known is not None:
            return known
        return self.by_category.get(event.category, self.otherwise)


def read_rules(settings: Settings) -> Rules:
    """Return the rules that are in force.

    What the catalogue does not know is kept as long as whatever it keeps longest.

    Raises:
        OperatorError: The catalogue cannot be read, so that nothing can be said to be due.
    """
    by_type, by_category = _read_catalogue(settings.catalog_dir)
    return Rules(
        by_source=days_by_source(settings.retention_days_by_source),
        always=settings.retention_days,
        by_type=by_type,
        by_category=by_category,
        otherwise=max(by_type.values()),
    )


def _read_catalogue(directory: Path) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    by_type: dict[tuple[str, str], int] = {}
    by_category: dict[str, int] = {}
    try:
        for path in sorted(directory.glob("*.yaml")):
            plan = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
            name = plan["category"]
            by_category[name] = int(plan["keep_days"])
            for event_type, spec in plan["event_types"].items():
                days = spec.get("keep_days")
                by_type[name, event_type] = by_category[name] if days is None else int(days)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise OperatorError(
            f"The catalogue in {directory} does not say how long events are kept "
            f"({path.name}): `footfall catalogue check` tells more."
        ) from error
    if not by_type:
        raise OperatorError(f"{directory} holds no catalogue files (*.yaml)")
    return by_type, by_category
