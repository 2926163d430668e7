"""What must hold of the daily marts."""

from __future__ import annotations

from expectations.rules import Rule, at_most, between, counts, key, never_negative, no_rows
from expectations.suites import (
    LONGEST_SESSION_SECONDS,
    Horizon,
    Suite,
    counts_the_latest,
    possible_days,
)

SLOWEST_RESPONSE_MS = 60_000
COUNTS = (
    "total_users",
    "active_users",
    "new_users",
    "new_registrations",
    "sessions",
    "events",
    "page_views",
    "community_views",
    "community_joins",
    "peak_community_activity",
    "geo_access_attempts",
    "geo_blocked_attempts",
    "geo_allowed_access",
    "traveler_access_count",
    "content_views",
    "content_interactions",
    "new_posts",
    "new_comments",
    "total_likes",
    "total_shares",
    "total_interactions",
    "api_requests",
    "error_count",
)


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "daily.daily_analytics",
            (
                *key("date"),
                between(
                    "date",
                    horizon.first_day,
                    horizon.last_day,
                    f"no day is in the future or before {horizon.first_day:%Y}",
                ),
                no_rows(
                    "select 1 from {batch} having count(*) <> max(date) - min(date) + 1",
                    "every day from the first to the last has a row",
                ),
                *_figures(),
                no_rows(
                    "select 1 from {batch} having sum(new_users) <> max(total_users)",
                    "total_users is the sum of all new users",
                ),
                counts_the_latest(
                    {"date": "occurred_date"},
                    "events",
                    "every event of the latest core run is counted on its day",
                ),
                between(
                    "avg_session_duration",
                    high=LONGEST_SESSION_SECONDS,
                    sentence="sessions last less than a day on average",
                ).as_warning(),
                between(
                    "avg_response_time",
                    high=SLOWEST_RESPONSE_MS,
                    sentence="the API answers within a minute on average",
                ).as_warning(),
                no_rows(
                    "select 1 from (select coalesce(sum(events), 0) as events from {batch})"
                    " as candidate cross join (select coalesce(sum(events), 0) as events"
                    " from marts.daily_analytics) as published"
                    " where candidate.events < published.events",
                    "no fewer events than the published mart has (an erasure takes some away)",
                    requires=["marts.daily_analytics"],
                ).as_warning(),
            ),
        ),
        _periods("week", "weekly_analytics", horizon),
        _periods("month", "monthly_analytics", horizon),
    )


def _periods(period: str, mart: str, horizon: Horizon) -> Suite:
    return Suite(
        f"daily.{mart}",
        (
            *key(period),
            possible_days(period, horizon),
            no_rows(
                f"select 1 from (select {period}, lag({period}) over (order by {period}) as before"  # noqa: S608
                f" from {{batch}}) as read where {period} <> before + interval '1 {period}'",
                f"every {period} from the first to the last has a row",
            ),
            *_figures(),
            never_negative("active_days"),
            no_rows(
                "select 1 from {batch} having sum(new_users) <> max(total_users)",
                "total_users is the sum of all new users",
            ),
        ),
    )


def _figures() -> tuple[Rule, ...]:
    """Expect what holds of the headline figures of any period."""
    return (
        *counts(*COUNTS),
        never_negative("average_online_members"),
        between("bounce_rate", 0, 100),
        between("avg_session_duration", 0),
        between("avg_response_time", 0),
        at_most("active_users", "total_users"),
        at_most("new_users", "active_users"),
        at_most("active_users", "events"),
        at_most("sessions", "events"),
        at_most("page_views", "events"),
        at_most("peak_community_activity", "events"),
        at_most("geo_blocked_attempts", "geo_access_attempts"),
    )
