"""What must hold of the marts about access by place."""

from __future__ import annotations

from expectations.rules import at_most, between, counts, key, never_negative, no_rows, one_of
from expectations.suites import Horizon, Suite, counts_the_latest, possible_days


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "geo.geo_access_daily",
            (
                *key("community_id", "date", "country", "region", "city", "result"),
                possible_days("date", horizon),
                one_of("result", ["allowed", "blocked", "bypassed"]),
                between("attempts", 1),
                *counts("traveler_attempts", "unique_visitors"),
                at_most("traveler_attempts", "attempts"),
                at_most("unique_visitors", "attempts"),
                counts_the_latest(
                    {"community_id": "entity_id", "date": "occurred_date"},
                    "attempts",
                    "every attempt of the latest core run is counted on its day",
                    where="category = 'geo' and entity_id is not null",
                ),
            ),
        ),
        Suite(
            "geo.geo_effectiveness",
            (
                *key("community_id", "date"),
                possible_days("date", horizon),
                no_rows(
                    "select 1 from {batch} group by community_id"
                    " having count(*) <> max(date) - min(date) + 1",
                    "every day of a community from its first attempt to its last has a row",
                ),
                never_negative(
                    "total_attempts",
                    "blocked_attempts",
                    "allowed_attempts",
                    "bypassed_attempts",
                    "traveler_attempts",
                    "unique_visitors",
                    "blocked_visitors",
                ),
                between("effectiveness_percentage", 0, 100),
                at_most("blocked_attempts", "total_attempts"),
                at_most("bypassed_attempts", "allowed_attempts"),
                at_most("blocked_visitors", "unique_visitors"),
                no_rows(
                    "select 1 from {batch}"
                    " where blocked_attempts + allowed_attempts <> total_attempts",
                    "every attempt was either blocked or allowed",
                ),
            ),
        ),
    )
