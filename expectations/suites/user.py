"""What must hold of the marts about users and their sessions."""

from __future__ import annotations

from expectations.rules import (
    at_most,
    between,
    counts,
    key,
    never_negative,
    no_rows,
    one_of,
)
from expectations.suites import (
    LONGEST_SESSION_SECONDS,
    Horizon,
    Suite,
    counts_the_latest,
    possible_days,
)
from warehouse.bounds import EARLIEST_TIME

MOST_ONLINE_SECONDS = 4 * 24 * 60 * 60  # who keeps four communities open all day


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
                    "total_searches",
                    "total_likes_given",
                    "total_likes_received",
                    "followers_gained",
                    "followers_lost",
                    "communities_viewed",
                    "community_online_time",
                    "communities_joined",
                    "community_interactions",
                    "geo_restricted_attempts",
                    "recommendations_shown",
                    "recommendations_clicked",
                ),
                between("active_days", 1),
                between("avg_session_duration", 0),
                between("bounce_rate", 0, 100),
                at_most("active_days", "total_events"),
                at_most("total_sessions", "total_events"),
                at_most("total_page_views", "total_events"),
                counts_the_latest(
                    {"user_id": "visitor_id"},
                    "total_events",
                    "every event of the latest core run is counted for its user",
                    where="is_user",
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
        Suite(
            "user.user_daily",
            (
                *key("user_id", "date"),
                possible_days("date", horizon),
                between("events", 1),
                never_negative(
                    "page_views",
                    "actions_performed",
                    "clicks",
                    "searches",
                    "conversions",
                    "sessions",
                    "time_spent",
                    "communities_viewed",
                    "communities_joined",
                    "community_online_time",
                    "community_interactions",
                    "geo_restricted_attempts",
                ),
                no_rows(
                    "select 1 from {batch} where page_views + actions_performed > events",
                    "page views and actions are no more than the events",
                ),
                between(
                    "community_online_time",
                    high=MOST_ONLINE_SECONDS,
                    sentence="nobody is online in communities for more than four days a day",
                ).as_warning(),
            ),
        ),
        Suite(
            "user.user_behavior_daily",
            (
                *key("date"),
                possible_days("date", horizon),
                no_rows(
                    "select 1 from {batch} having count(*) <> max(date) - min(date) + 1",
                    "every day from the first to the last has a row",
                ),
                never_negative(
                    "active_users_1d",
                    "new_visitors",
                    "returning_visitors",
                    "sessions",
                    "page_views",
                    "searches",
                    "logins",
                    "registrations",
                    "carts_converted",
                    "carts_abandoned",
                ),
                *counts("active_users_7d", "active_users_28d", "carts_opened"),
                at_most("active_users_1d", "active_users_7d"),
                at_most("active_users_7d", "active_users_28d"),
                at_most("carts_converted", "carts_opened"),
                between("stickiness", 0, 100),
                between("bounce_rate", 0, 100),
                between("cart_abandonment_rate", 0, 100),
                between("average_session_duration", 0),
                between("page_views_per_session", 0),
            ),
        ),
        Suite(
            "user.retention_cohorts",
            (
                *key("period", "cohort_date", "n"),
                one_of("period", ["day", "week", "month"]),
                possible_days("cohort_date", horizon),
                possible_days("active_from", horizon),
                between("n", 0),
                between("cohort_size", 1),
                *counts("active_visitors"),
                at_most("active_visitors", "cohort_size", "nobody is active beside the cohort"),
                between("retention_rate", 0, 100),
                no_rows(
                    "select 1 from {batch} where is_complete <> (retention_rate is not null)",
                    "periods that are complete have a rate, and no others",
                ),
                no_rows(
                    "select 1 from {batch} where n = 0 and active_visitors <> cohort_size",
                    "everybody of a cohort is active in its own period",
                ),
            ),
        ),
        Suite(
            "user.user_journeys",
            (
                *key("date", "step", "from_page", "to_page"),
                possible_days("date", horizon),
                between("step", 0),
                between("sessions", 1),
                no_rows(
                    "select 1 from {batch} where (step = 0) <> (from_page = '(entrance)')",
                    "every journey begins at the entrance, and only there",
                ),
            ),
        ),
    )
