"""The marts about users: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, NOON, Cases

USERS = (
    {
        "user_id": "u1",
        "first_activity": NOON,
        "last_activity": NOON + timedelta(days=1),
        "active_days": 2,
        "total_events": 7,
        "total_sessions": 2,
        "total_time_spent": 60,
        "avg_session_duration": 30,
        "total_page_views": 3,
        "recommendations_shown": 1,
        "recommendations_clicked": 1,
        "last_calculated": NOON,
    },
    {
        "user_id": "u2",
        "first_activity": NOON,
        "last_activity": NOON,
        "active_days": 1,
        "total_events": 1,
        "avg_session_duration": None,
        "last_calculated": NOON,
    },
)
SESSIONS = (
    {
        "session_id": "s1",
        "visitor_id": "u1",
        "started_at": NOON,
        "ended_at": NOON + timedelta(minutes=1),
        "started_date": MONDAY,
        "duration_seconds": 60,
        "events": 3,
        "page_views": 3,
    },
    {
        "session_id": "s1",
        "visitor_id": "u2",
        "started_at": NOON,
        "ended_at": NOON,
        "started_date": MONDAY,
        "events": 1,
        "page_views": 1,
        "is_bounce": True,
    },
)
USER_DAYS = (
    {
        "user_id": "u1",
        "date": MONDAY,
        "events": 4,
        "page_views": 2,
        "actions_performed": 2,
        "locations_accessed_from": "[]",
        "events_by_type": "{}",
    },
)
BEHAVIOUR = (
    {
        "date": MONDAY,
        "active_users_1d": 2,
        "active_users_7d": 2,
        "active_users_28d": 3,
        "new_visitors": 1,
        "returning_visitors": 1,
        "carts_opened": 2,
        "carts_converted": 1,
        "carts_abandoned": 1,
    },
    {"date": MONDAY + timedelta(1), "active_users_7d": 2, "active_users_28d": 3},
)
COHORTS = (
    {
        "period": "week",
        "cohort_date": MONDAY,
        "active_from": MONDAY,
        "cohort_size": 4,
        "active_visitors": 4,
        "is_complete": True,
        "retention_rate": 100,
    },
    {
        "period": "week",
        "cohort_date": MONDAY,
        "n": 1,
        "active_from": MONDAY + timedelta(7),
        "cohort_size": 4,
        "active_visitors": 1,
        "retention_rate": None,
    },
)
JOURNEYS = (
    {"date": MONDAY, "from_page": "(entrance)", "to_page": "/", "sessions": 3},
    {"date": MONDAY, "step": 1, "from_page": "/", "to_page": "(exit)", "sessions": 3},
)
CASES = Cases(
    rows={
        "user_analytics": USERS,
        "sessions": SESSIONS,
        "user_daily": USER_DAYS,
        "user_behavior_daily": BEHAVIOUR,
        "retention_cohorts": COHORTS,
        "user_journeys": JOURNEYS,
    },
    signed=frozenset({"total_conversion_value"}),
    defects=[
        (
            "user_daily",
            "events = 0, date = current_date + 2",
            ["events is at least 1", "page views and actions are no more", "no date is in the"],
        ),
        (
            "user_behavior_daily",
            "date = '2024-06-03', active_users_1d = 5, active_users_7d = 4, carts_converted = 3,"
            " stickiness = 101, bounce_rate = 101, cart_abandonment_rate = 101",
            [
                "date is unique",
                "every day from the first to the last has a row",
                "active_users_1d is never greater than active_users_7d",
                "active_users_7d is never greater than active_users_28d",
                "carts_converted is never greater than carts_opened",
                "stickiness is at least 0 and at most 100",
                "bounce_rate is at least 0 and at most 100",
                "cart_abandonment_rate is at least 0 and at most 100",
            ],
        ),
        (
            "retention_cohorts",
            "n = 0, active_visitors = 5, retention_rate = 125, period = 'year'",
            [
                "period, cohort_date, n are unique",
                "nobody is active beside the cohort",
                "retention_rate is at least 0 and at most 100",
                "period is one of day, week, month",
                "periods that are complete have a rate",
                "everybody of a cohort is active in its own period",
            ],
        ),
        (
            "user_journeys",
            "step = 1, sessions = 0",
            ["sessions is at least 1", "every journey begins at the entrance"],
        ),
        (
            "user_analytics",
            "user_id = 'u1', first_activity = '1970-01-01', active_days = 8, total_sessions = 8,"
            " total_page_views = 8, last_activity = now() + interval '1 hour'",
            [
                "user_id is unique",
                "nobody was active before 1990",
                "nobody is active in the future",
                "active_days is never greater than total_events",
                "total_sessions is never greater than total_events",
                "total_page_views is never greater than total_events",
            ],
        ),
        (
            "user_analytics",
            "active_days = 0, last_activity = '2024-06-02'",
            ["active_days is at least 1", "first_activity is never greater than last_activity"],
        ),
        (
            "sessions",
            "visitor_id = 'u1', started_at = '1970-01-01', page_views = 4, ended_at = now() +"
            " interval '1 hour'",
            [
                "visitor_id, session_id, is_derived are unique",
                "no session began before 1990",
                "page_views is never greater than events",
                "no session ends in the future",
            ],
        ),
        (
            "sessions",
            "events = 0, page_views = 0, ended_at = '2024-06-02'",
            ["every session has an event", "no session ends before it began"],
        ),
    ],
    oddities=[
        ("user_daily", "community_online_time = 400000", ["nobody is online in communities for"]),
        ("user_analytics", "recommendations_clicked = 2", ["recommendations_clicked is never"]),
        ("sessions", "duration_seconds = 90000", ["no session lasts longer than a day"]),
    ],
)
