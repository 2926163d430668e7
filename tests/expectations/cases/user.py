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
CASES = Cases(
    rows={"user_analytics": USERS, "sessions": SESSIONS},
    defects=[
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
        ("user_analytics", "recommendations_clicked = 2", ["recommendations_clicked is never"]),
        ("sessions", "duration_seconds = 90000", ["no session lasts longer than a day"]),
    ],
)
