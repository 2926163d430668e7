"""What must hold of the events of newly claimed loads, before anything is built from them.

A blocking rule here is worth the hold of whole loads: either ingestion let through what it promises
to stop, or building from the events would do lasting or far-reaching harm. What a single careless
sender can get wrong is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from expectations.catalogue import event_names
from expectations.rules import Rule, between, equal, matches, never_null, no_rows, one_of
from expectations.suites import Suite
from warehouse.bounds import EARLIEST_TIME, LARGEST_NUMBER
from warehouse.settings import Settings

EVENTS = "raw.events"
LOADS = "raw.loads"
# what a client sends as id when it does not know it: all their events would be one visitor's
PLACEHOLDERS = ("null", "undefined", "none", "nan", "nil", "unknown", "anonymous", "0", "-1")


@dataclass(frozen=True)
class Claimed:
    """The loads that a run has claimed.

    Attributes:
        run_id: The core run.
        first_received_at: Lowest receipt time of their events.
        last_received_at: Highest receipt time of their events.
    """

    run_id: int
    first_received_at: datetime
    last_received_at: datetime

    @property
    def condition(self) -> str:
        """SQL on ``raw.loads`` that is true of them."""
        return (
            f"run_id = {self.run_id:d} and state = 'claimed' and state <> 'settled' and stored > 0"
        )


@dataclass(frozen=True)
class OneLoad:
    """A load, whatever its state.

    Attributes:
        load_id: Its number.
        first_received_at: Lowest receipt time of its events.
        last_received_at: Highest receipt time of its events.
    """

    load_id: int
    first_received_at: datetime
    last_received_at: datetime

    @property
    def condition(self) -> str:
        """SQL on ``raw.loads`` that is true of it."""
        return f"load_id = {self.load_id:d}"


def suites(settings: Settings, claimed: Claimed | OneLoad) -> tuple[Suite, ...]:
    """Return the suites for the events and for the ledger of loads."""
    loads = claimed.condition
    # as literals, so that Postgres leaves out the partitions at planning already
    received = (
        f"received_at >= timestamptz '{claimed.first_received_at.isoformat()}'"
        f" and received_at <= timestamptz '{claimed.last_received_at.isoformat()}'"
    )
    return (
        Suite(EVENTS, event_rules(settings), _EVENTS.format(loads=loads, received=received)),
        Suite(LOADS, load_rules(), _LOADS.format(loads=loads, received=received)),
    )


def event_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules for single events."""
    skew = settings.max_future_skew_seconds
    return (
        never_null("event_id", "every event has an id"),
        never_null("visitor_id", "every event has a visitor, whose id is not blank"),
        never_null("occurred_at", "every event has a time"),
        between(
            "occurred_at",
            EARLIEST_TIME,
            sentence=f"no event is older than {EARLIEST_TIME:%Y}: such a time is a clock gone "
            "wrong, and the daily marts would begin there",
        ),
        between(
            "seconds_ahead",
            high=skew,
            sentence=f"no event happened more than {skew} s after its receipt",
        ),
        *_known_events(settings),
        between(
            "value",
            -LARGEST_NUMBER,
            LARGEST_NUMBER,
            f"no value is beyond ±{LARGEST_NUMBER:,}",
        ),
        between(
            "quantity",
            -LARGEST_NUMBER,
            LARGEST_NUMBER,
            f"no quantity is beyond ±{LARGEST_NUMBER:,}",
        ),
        matches("currency", "^[A-Z]{3}$", "every currency is a code of three capital letters"),
        one_of(
            "is_time_corrected",
            [False],
            "fewer than 5 % of the events came from a clock too far ahead",
            mostly=0.95,
        ).as_warning(),
        never_null(
            "session_id", "at least half of the events name their session", mostly=0.5
        ).as_warning(),
        one_of(
            "has_placeholder_visitor",
            [False],
            "fewer than 1 % of the events have a placeholder such as “undefined” for visitor",
            mostly=0.99,
        ).as_warning(),
    )


def load_rules() -> tuple[Rule, ...]:
    """Return the rules for whole loads."""
    return (
        equal("stored", "visible", "every load has as many events as its ledger says"),
        no_rows(
            "select 1 from {batch} having 100 * sum(quarantined) > 5 * sum(received)",
            "at most 5 % of the events of the loads are in quarantine",
        ).as_warning(),
    )


def _known_events(settings: Settings) -> tuple[Rule, ...]:
    if settings.unknown_events == "custom":
        return ()
    return (
        one_of("event", event_names(settings.catalog_dir), "every event is one of the catalogue"),
    )


def _without_nan(column: str) -> str:
    # samples that are no numbers cannot be counted by the library; infinity is as far off
    return f"case when {column} = 'NaN' then 'Infinity' else {column} end as {column}"


_PLACEHOLDER_LIST = ", ".join(f"'{name}'" for name in PLACEHOLDERS)

_EVENTS = f"""\
select
    load_id,
    event_id,
    nullif(btrim(visitor_id), '') as visitor_id,
    lower(visitor_id) in ({_PLACEHOLDER_LIST}) as has_placeholder_visitor,
    session_id,
    category || '/' || event_type as event,
    occurred_at,
    extract(epoch from occurred_at - received_at) as seconds_ahead,
    {_without_nan("value")},
    {_without_nan("quantity")},
    currency,
    is_time_corrected
from raw.events
where
    {{received}}
    and load_id in (select load_id from raw.loads where {{loads}})"""  # noqa: S608 - constants

_LOADS = """\
select
    loads.load_id,
    loads.received,
    loads.quarantined,
    loads.stored,
    count(events.load_id) as visible
from (select * from raw.loads where {loads}) as loads
left join (select * from raw.events where {received}) as events
    on
        loads.load_id = events.load_id
        and events.received_at between loads.first_received_at and loads.last_received_at
group by loads.load_id, loads.received, loads.quarantined, loads.stored"""
