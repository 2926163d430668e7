"""The suites: what must hold of new events (``raw``), and of the marts of each domain.

A domain's suites are in the module of its name, which has a function ``suites(horizon)``. A new
domain is a new module; nothing else needs to know of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from expectations.rules import Rule, between, counts, no_rows
from warehouse.bounds import EARLIEST_TIME
from warehouse.settings import Settings

CANDIDATES = "marts_candidate"
CLAIMED = "intermediate.int_claimed_events"
LONGEST_SESSION_SECONDS = 24 * 60 * 60
LONGEST_PERIOD = timedelta(days=31)
ATTRIBUTION_MODELS = (
    "first_touch",
    "last_touch",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
)


@dataclass(frozen=True)
class Horizon:
    """The time in which events can have happened.

    Attributes:
        latest: Now, and the skew that senders' clocks are allowed.
        last_day: The day of that, in the reporting time zone.
        first_day: The first day on which an event can have happened.
    """

    latest: datetime
    last_day: date
    first_day: date

    @classmethod
    def of(cls, settings: Settings, now: datetime | None = None) -> Horizon:
        """Return the horizon that settings allow, at a time (now)."""
        zone = ZoneInfo(settings.reporting_timezone)
        skew = timedelta(seconds=settings.max_future_skew_seconds)
        latest = (now or datetime.now(UTC)) + skew
        return cls(latest, latest.astimezone(zone).date(), EARLIEST_TIME.astimezone(zone).date())


def possible_days(column: str, horizon: Horizon) -> Rule:
    """Expect days, or first days of periods, to be ones on which events can have happened."""
    return between(
        column,
        horizon.first_day - LONGEST_PERIOD,
        horizon.last_day,
        f"no {column} is in the future or before {horizon.first_day:%Y}",
    )


def credited() -> tuple[Rule, ...]:
    """Expect no negative credits of conversions, by whichever model of attribution."""
    return counts(*(f"conversions_{model}" for model in ATTRIBUTION_MODELS))


def counts_the_latest(
    keys: Mapping[str, str], counted: str, sentence: str, *, where: str = "true"
) -> Rule:
    """Expect a mart to count no fewer events than the latest core run brought.

    Args:
        keys: Columns of the mart by which events are counted, each with that of the core's events.
        counted: Column of the mart that counts them; rows of the mart with equal keys add up.
        sentence: What must hold.
        where: Condition on the core's events that the mart counts.
    """
    mart, core = ", ".join(keys), ", ".join(keys.values())
    joined = " and ".join(f"claimed.{theirs} = mart.{ours}" for ours, theirs in keys.items())
    return no_rows(
        f"select 1 from (select {core}, count(*) as events from {CLAIMED}"  # noqa: S608
        f" where {where} group by {core}) as claimed"
        f" left join (select {mart}, sum({counted}) as events from {{batch}} as rows"
        f" group by {mart}) as mart on {joined}"
        " where claimed.events > coalesce(mart.events, 0)",
        sentence,
        requires=[CLAIMED],
    )


@dataclass(frozen=True)
class Suite:
    """The rules for one batch of rows.

    Attributes:
        name: ``<domain>.<what is checked>``.
        rules: What must hold.
        query: What is checked, where that is no table: a query of plain SQL, copied once into a
            temporary table.
    """

    name: str
    rules: tuple[Rule, ...]
    query: str | None = None

    @property
    def table(self) -> str:
        """Name of what is checked: of the mart, in :data:`CANDIDATES`, where there is no query."""
        return self.name.partition(".")[2]

    @property
    def relations(self) -> set[str]:
        """Every relation that the suite or one of its rules reads by name."""
        own = set() if self.query is not None else {f"{CANDIDATES}.{self.table}"}
        return own.union(*(rule.requires for rule in self.rules))

    def given(self, existing: set[str]) -> Suite | None:
        """Return what can be checked where only some relations exist; None where nothing can."""
        if self.query is None and f"{CANDIDATES}.{self.table}" not in existing:
            return None
        return replace(
            self, rules=tuple(rule for rule in self.rules if existing.issuperset(rule.requires))
        )


def of_domain(domain: str, horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of a domain of marts; none where it has no module here."""
    name = f"{__name__}.{domain}"
    if importlib.util.find_spec(name) is None:
        return ()
    found: tuple[Suite, ...] = importlib.import_module(name).suites(horizon)
    return found


def by_domain(horizon: Horizon) -> Mapping[str, tuple[Suite, ...]]:
    """Return the suites of all domains of marts, by domain."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: of_domain(name, horizon) for name in names if name != "raw"}
