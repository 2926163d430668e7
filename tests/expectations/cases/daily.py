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
PERIODS = {
    "week": (MONDAY, MONDAY + timedelta(7)),
    "month": (MONDAY.replace(day=1), MONDAY.replace(month=MONDAY.month + 1, day=1)),
}
ROWS_OF_PERIODS = {
    period: (
        {period: first, "total_users": 2, "active_users": 2, "new_users": 2, "events": 9},
        {period: second, "total_users": 3, "active_users": 2, "new_users": 1, "events": 3},
    )
    for period, (first, second) in PERIODS.items()
}
CASES = Cases(
    rows={
        "daily_analytics": DAYS,
        "weekly_analytics": ROWS_OF_PERIODS["week"],
        "monthly_analytics": ROWS_OF_PERIODS["month"],
    },
    # growth can be a decline
    signed=frozenset({"active_users_growth", "sessions_growth"}),
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
        (
            "daily_analytics",
            "peak_community_activity = 10",
            ["peak_community_activity is never greater than events"],
        ),
        *(
            defect
            for mart, period in (("weekly_analytics", "week"), ("monthly_analytics", "month"))
            for defect in (
                (mart, f"{period} = '2024-06-05'", [f"{period} is unique"]),
                (mart, f"{period} = '2024-06-05' where new_users = 1", [f"every {period} from"]),
                (mart, f"{period} = '1970-01-01' where new_users = 2", ["in the future or before"]),
                (mart, "new_users = 4", ["total_users is the sum of", "new_users is never"]),
            )
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
