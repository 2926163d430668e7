"""The marts about communities: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, NOON, Cases

TUESDAY = MONDAY + timedelta(1)

METRICS = (
    {
        "community_id": "c1",
        "first_date": MONDAY,
        "last_date": TUESDAY,
        "active_days": 2,
        "total_events": 5,
        "total_views": 3,
        "total_joins": 2,
        "members": 2,
        "active_members_7d": 1,
        "member_retention": 50,
        "unique_visitors": 3,
        "total_sessions": 2,
        "average_session_duration": 12.5,
        "peak_online_members": 2,
        "peak_online_date": MONDAY,
    },
    {
        "community_id": "without members",
        "first_date": MONDAY,
        "last_date": MONDAY,
        "active_days": 1,
        "total_events": 1,
        "total_views": 1,
        "unique_visitors": 1,
        "peak_online_date": MONDAY,
    },
)
DAYS = (
    {
        "community_id": "c1",
        "date": MONDAY,
        "events": 5,
        "views": 3,
        "joins": 2,
        "unique_visitors": 3,
        "new_visitors": 3,
        "net_members": 2,
        "members": 2,
        "active_members": 1,
        "active_members_7d": 2,
        "member_retention": 100,
        "sessions": 2,
        "average_session_duration": 12.5,
        "peak_online_members": 2,
        "peak_hour": 12,
    },
    {"community_id": "c1", "date": TUESDAY, "members": 2, "average_session_duration": None},
)
HOURS = (
    {
        "community_id": "c1",
        "hour": NOON,
        "date": MONDAY,
        "hour_of_day": 12,
        "weekday": 1,
        "week": MONDAY,
        "events": 5,
        "unique_visitors": 3,
        "peak_online_members": 2,
    },
)
MEMBERS = (
    {
        "community_id": "c1",
        "visitor_id": "u1",
        "is_member": True,
        "joined_date": MONDAY,
        "first_active_date": MONDAY,
        "last_active_date": TUESDAY,
        "active_days": 2,
        "total_events": 3,
    },
)
CASES = Cases(
    rows={
        "community_metrics": METRICS,
        "community_daily": DAYS,
        "community_hourly": HOURS,
        "community_members": MEMBERS,
    },
    signed=frozenset({"net_members"}),
    defects=[
        (
            "community_metrics",
            "community_id = 'c1', members = 4, active_members_7d = 5, member_retention = 101,"
            " first_date = '1970-01-01', last_date = current_date + 2",
            [
                "community_id is unique",
                "members is never greater than unique_visitors",
                "active_members_7d is never greater than members",
                "member_retention is at least 0 and at most 100",
                "no first_date is in the future or before 1990",
                "no last_date is in the future",
            ],
        ),
        ("community_metrics", "last_date = '2024-06-02'", ["first_date is never greater"]),
        (
            "community_daily",
            "date = '2024-06-03', events = 2, new_visitors = 4, active_members = 3",
            [
                "community_id, date are unique",
                "every day of a community from its first to its last has a row",
                "unique_visitors is never greater than events",
                "new_visitors is never greater than unique_visitors",
                "active_members is never greater than active_members_7d",
            ],
        ),
        (
            "community_hourly",
            "hour_of_day = 24, weekday = 0, unique_visitors = 6",
            [
                "hour_of_day is at least 0 and at most 23",
                "weekday is at least 1 and at most 7",
                "unique_visitors is never greater than events",
            ],
        ),
        (
            "community_members",
            "active_days = 4, joined_date = '2024-06-05', left_date = '2024-06-05'",
            [
                "active_days is never greater than total_events",
                "joined_date is never greater than last_active_date",
                "left_date is never greater than last_active_date",
            ],
        ),
    ],
    oddities=[
        (
            "community_metrics",
            "average_session_duration = 90000",
            ["sessions last less than a day on average"],
        ),
    ],
)
