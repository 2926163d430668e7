"""What must hold of the marts about users and their sessions."""

from __future__ import annotations

from expectations.rules import at_most, between, counts, key, no_rows
from expectations.suites import LONGEST_SESSION_SECONDS, Horizon, Suite
from warehouse.bounds import EARLIEST_TIME


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "user.user_analytics",
            (
                *key("user_id"),
                between(
                    "first_activity",
                    EARLIEST_TIME,
                    sentence=f"nobody was active before {EARLIEST_TIME:%Y}",
                ),
                between(
                    "last_activity", high=horizon.latest, sentence="nobody is active in the future"
                ),
                at_most("first_activity", "last_activity"),
                *counts(
                    "active_days",
                    "total_events",
                    "total_sessions",
                    "total_time_spent",
                    "total_page_views",
                    "total_clicks",
                    "total_conversions",
                    "total_posts",
                    "total_comments",
                    "total_likes_given",
                    "communities_joined",
                    "community_interactions",
                    "geo_restricted_attempts",
                    "recommendations_shown",
                    "recommendations_clicked",
                ),
                between("active_days", 1),
                between("avg_session_duration", 0),
                at_most("active_days", "total_events"),
                at_most("total_sessions", "total_events"),
                at_most("total_page_views", "total_events"),
                no_rows(
                    "select 1 from (select visitor_id, count(*) as events"
                    " from intermediate.int_claimed_events where is_user group by visitor_id)"
                    " as claimed left join {batch} as mart on claimed.visitor_id = mart.user_id"
                    " where claimed.events > coalesce(mart.total_events, 0)",
                    "every event of the latest core run is counted for its user",
                    requires=["intermediate.int_claimed_events"],
                ),
                at_most("recommendations_clicked", "recommendations_shown").as_warning(),
            ),
        ),
        Suite(
            "user.sessions",
            (
                *key("visitor_id", "session_id", "is_derived"),
                between(
                    "started_at",
                    EARLIEST_TIME,
                    sentence=f"no session began before {EARLIEST_TIME:%Y}",
                ),
                between("ended_at", high=horizon.latest, sentence="no session ends in the future"),
                at_most("started_at", "ended_at", "no session ends before it began"),
                *counts("duration_seconds", "events", "page_views"),
                between("events", 1, sentence="every session has an event"),
                at_most("page_views", "events"),
                between(
                    "duration_seconds",
                    high=LONGEST_SESSION_SECONDS,
                    sentence="no session lasts longer than a day",
                ).as_warning(),
            ),
        ),
    )
