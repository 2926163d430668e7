"""The marts about access by place: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, Cases

PLACE = {"country": "DE", "region": "Berlin", "city": "Berlin"}
ACCESS = (
    {
        "community_id": "c1",
        "date": MONDAY,
        **PLACE,
        "result": "blocked",
        "attempts": 3,
        "traveler_attempts": 1,
        "unique_visitors": 2,
    },
    {"community_id": "c1", "date": MONDAY, **PLACE, "result": "allowed", "attempts": 1},
)
EFFECTIVENESS = (
    {
        "community_id": "c1",
        "date": MONDAY,
        "total_attempts": 4,
        "blocked_attempts": 3,
        "allowed_attempts": 1,
        "traveler_attempts": 1,
        "unique_visitors": 2,
        "blocked_visitors": 2,
        "effectiveness_percentage": 75,
    },
    {"community_id": "c1", "date": MONDAY + timedelta(1)},
)
CASES = Cases(
    rows={"geo_access_daily": ACCESS, "geo_effectiveness": EFFECTIVENESS},
    defects=[
        (
            "geo_access_daily",
            "result = 'refused', traveler_attempts = 4, unique_visitors = 4, date = '1970-01-01'",
            [
                "community_id, date, country, region, city, result are unique",
                "result is one of allowed, blocked, bypassed",
                "traveler_attempts is never greater than attempts",
                "unique_visitors is never greater than attempts",
                "no date is in the future or before 1990",
            ],
        ),
        (
            "geo_effectiveness",
            "date = current_date + 2, blocked_attempts = 5, bypassed_attempts = 2,"
            " blocked_visitors = 3, effectiveness_percentage = 125",
            [
                "community_id, date are unique",
                "every day of a community from its first attempt to its last has a row",
                "no date is in the future",
                "blocked_attempts is never greater than total_attempts",
                "bypassed_attempts is never greater than allowed_attempts",
                "blocked_visitors is never greater than unique_visitors",
                "effectiveness_percentage is at least 0 and at most 100",
                "every attempt was either blocked or allowed",
            ],
        ),
    ],
)
