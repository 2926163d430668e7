"""What must hold of the marts about communities."""

from __future__ import annotations

from expectations.rules import Rule, at_most, between, counts, key, never_negative, no_rows
from expectations.suites import (
    LONGEST_SESSION_SECONDS,
    Horizon,
    Suite,
    counts_the_latest,
    possible_days,
)

COUNTS = (
    "events",
    "views",
    "joins",
    "leaves",
    "posts",
    "comments",
    "likes",
    "shares",
    "interactions",
)


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "community.community_metrics",
            (
                *key("community_id"),
                *_between_days("first_date", "last_date", horizon),
                never_negative(
                    *(f"total_{name}" for name in COUNTS), "total_sessions", "unique_visitors"
                ),
                *_members(),
                at_most("members", "unique_visitors"),
                between("active_days", 0),
                _sessions_are_short(),
            ),
        ),
        Suite(
            "community.community_daily",
            (
                *key("community_id", "date"),
                possible_days("date", horizon),
                no_rows(
                    "select 1 from {batch} group by community_id"
                    " having count(*) <> max(date) - min(date) + 1",
                    "every day of a community from its first to its last has a row",
                ),
                never_negative(
                    *COUNTS, "sessions", "unique_visitors", "new_visitors", "active_members"
                ),
                between("peak_hour", 0, 23),
                *_members(),
                at_most("new_visitors", "unique_visitors"),
                at_most("unique_visitors", "events"),
                at_most("active_members", "active_members_7d"),
                counts_the_latest(
                    {"community_id": "entity_id", "date": "occurred_date"},
                    "events",
                    "every event of the latest core run is counted on its day",
                    where="category = 'community' and entity_id is not null",
                ),
                _sessions_are_short(),
            ),
        ),
        Suite(
            "community.community_hourly",
            (
                *key("community_id", "hour"),
                possible_days("date", horizon),
                never_negative(*COUNTS, "sessions", "unique_visitors", "peak_online_members"),
                between("average_session_duration", 0),
                between("average_online_members", 0),
                between("hour_of_day", 0, 23),
                between("weekday", 1, 7),
                at_most("unique_visitors", "events"),
            ),
        ),
        Suite(
            "community.community_members",
            (
                *key("community_id", "visitor_id"),
                *_between_days("first_active_date", "last_active_date", horizon),
                *counts("total_events"),
                between("active_days", 1),
                at_most("active_days", "total_events"),
                at_most("joined_date", "last_active_date"),
                at_most("left_date", "last_active_date"),
            ),
        ),
    )


def _members() -> tuple[Rule, ...]:
    return (
        *counts("members", "active_members_7d", "peak_online_members"),
        at_most("active_members_7d", "members"),
        between("member_retention", 0, 100),
        between("average_session_duration", 0),
        between("average_online_members", 0),
    )


def _between_days(first: str, last: str, horizon: Horizon) -> tuple[Rule, ...]:
    return (possible_days(first, horizon), possible_days(last, horizon), at_most(first, last))


def _sessions_are_short() -> Rule:
    return between(
        "average_session_duration",
        high=LONGEST_SESSION_SECONDS,
        sentence="sessions last less than a day on average",
    ).as_warning()
