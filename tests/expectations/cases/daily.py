"""The daily marts: a good candidate, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, Cases

DAYS = (
    {
        "date": MONDAY,
        "total_users": 2,
        "active_users": 2,
        "new_users": 2,
        "sessions": 2,
        "events": 9,
        "page_views": 4,
        "geo_access_attempts": 2,
        "geo_blocked_attempts": 1,
        "geo_allowed_access": 1,
        "traveler_access_count": 1,
        "bounce_rate": 50,
    },
    {"date": MONDAY + timedelta(1), "total_users": 2},
    {
        "date": MONDAY + timedelta(2),
        "total_users": 3,
        "active_users": 2,
        "new_users": 1,
        "sessions": 1,
        "events": 3,
        "bounce_rate": 100,
    },
)
CASES = Cases(
    rows={"daily_analytics": DAYS},
    defects=[
        ("daily_analytics", "date = '2024-06-03'", ["date is unique", "every day from the first"]),
        ("daily_analytics", "date = current_date + 2 where new_users = 1", ["in the future"]),
        (
            "daily_analytics",
            "date = '1970-01-01', bounce_rate = 100.1, active_users = 4, new_users = 5,"
            " page_views = 10, sessions = 10, geo_blocked_attempts = 9 where new_users = 2",
            [
                "no day is in the future or before 1990",
                "bounce_rate is at least 0 and at most 100",
                "active_users is never greater than total_users",
                "new_users is never greater than active_users",
                "page_views is never greater than events",
                "sessions is never greater than events",
                "geo_blocked_attempts is never greater than geo_access_attempts",
                "total_users is the sum of all new users",
            ],
        ),
        ("daily_analytics", "events = 1", ["active_users is never greater than events"]),
    ],
    oddities=[
        (
            "daily_analytics",
            "avg_session_duration = 90000, avg_response_time = 70000",
            ["sessions last less than a day", "the API answers within a minute"],
        )
    ],
)
