"""The marts about content and pages: good candidates, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from expectations.suites import ATTRIBUTION_MODELS
from tests.expectations.cases import MONDAY, NOON, Cases

ENTITIES = (
    {
        "entity_type": "event",
        "entity_id": "1",
        "author_id": "u1",
        "total_views": 4,
        "total_interactions": 2,
        "engagement_rate": 50,
        "conversion_values": "{}",
        "first_interaction": NOON,
        "last_interaction": NOON + timedelta(days=1),
    },
)
TYPES = (
    {
        "category": "content",
        "event_type": "view",
        "date": MONDAY,
        "events": 4,
        "unique_visitors": 3,
        "unique_users": 2,
    },
)
MILESTONES = (
    {
        "entity_type": "fast",
        "entity_id": "1",
        "threshold": 10,
        "reached_at": NOON,
        "reached_date": MONDAY,
    },
)
SPOTS = (
    {
        "page_url": "https://tickets.example/",
        "element_selector": "#buy",
        "cell_x": -1,
        "cell_y": -1,
        "x_from": -20,
        "y_from": -20,
        "events": 1,
        "clicks": 2,
        "average_scroll_depth": 75,
        "max_scroll_depth": 75,
        "first_occurred_at": NOON,
        "last_occurred_at": NOON,
    },
)
PARTICIPANTS = (
    {
        "entity_type": "fast",
        "entity_id": "1",
        "date": MONDAY,
        "joined": 3,
        "left_again": 1,
        "net_participants": 2,
        "participants": 2,
    },
    {
        "entity_type": "fast",
        "entity_id": "1",
        "date": MONDAY + timedelta(1),
        "left_again": 1,
        "net_participants": -1,
        "participants": 1,
    },
)
CAMPAIGNS = (
    {
        "campaign": "summer2024",
        "first_visit_date": MONDAY,
        "last_visit_date": MONDAY,
        "visits": 3,
        "new_visitors": 1,
        "conversions_linear": 0.5,
        "values_by_currency": "{}",
        "costs": "{}",
    },
)
EXPERIMENTS = (
    {
        "experiment_id": "landing-page",
        "variant": "A",
        "is_control": True,
        "first_exposed_date": MONDAY,
        "last_exposed_date": MONDAY,
        "participants": 4,
        "converted": 1,
        "conversions": 1,
        "conversion_rate": 25,
        "is_sample_sound": True,
        "confidence_level": 0.95,
    },
    {
        "experiment_id": "landing-page",
        "variant": "B",
        "first_exposed_date": MONDAY,
        "last_exposed_date": MONDAY,
        "participants": 4,
        "difference": -25,
        "difference_low": -60,
        "difference_high": 10,
        "sequential_low": -90,
        "sequential_high": 40,
        "p_value": 0.3,
        "is_sample_sound": True,
        "confidence_level": 0.95,
    },
)
CASES = Cases(
    rows={
        "campaigns": CAMPAIGNS,
        "experiments": EXPERIMENTS,
        "entity_engagement": ENTITIES,
        "event_types_daily": TYPES,
        "milestones": MILESTONES,
        "page_heatmap": SPOTS,
        "participation_daily": PARTICIPANTS,
    },
    signed=frozenset(
        {
            "cell_x",
            "cell_y",
            "cost",
            "difference",
            "difference_high",
            "difference_low",
            "named_value",
            "sequential_high",
            "sequential_low",
            "net_participants",
            "total_bookmarks",
            "total_conversion_value",
            "total_followers",
            "total_likes",
            "uplift",
            "value_difference",
            "value_difference_high",
            "value_difference_low",
            "value_per_participant",
            *(f"value_{model}" for model in ATTRIBUTION_MODELS),
            "x_from",
            "y_from",
        }
    ),
    defects=[
        (
            "campaigns",
            "new_visitors = 4, bounce_rate = 101, last_visit_date = current_date + 2",
            [
                "new_visitors is never greater than visits",
                "bounce_rate is at least 0 and at most 100",
                "no last_visit_date is in the future",
            ],
        ),
        (
            "experiments",
            "variant = 'A', is_control = false, converted = 5, conversion_rate = 125, p_value = 2,"
            " difference_low = 11, sequential_low = 41, confidence_level = 95",
            [
                "experiment_id, variant are unique",
                "every experiment has one control",
                "converted is never greater than participants",
                "converted is never greater than conversions",
                "conversion_rate is at least 0 and at most 100",
                "p_value is at least 0 and at most 1",
                "confidence_level is at least 0 and at most 1",
                "difference_low is never greater than difference_high",
                "sequential_low is never greater than sequential_high",
            ],
        ),
        (
            "entity_engagement",
            "first_interaction = '1970-01-01', last_interaction = now() + interval '1 hour'",
            ["nothing happened before 1990", "nothing happened in the future"],
        ),
        (
            "event_types_daily",
            "events = 0, unique_users = 4, date = current_date + 2",
            [
                "events is at least 1",
                "unique_users is never greater than unique_visitors",
                "unique_visitors is never greater than events",
                "no date is in the future",
            ],
        ),
        (
            "milestones",
            "threshold = 11, reached_at = now() + interval '1 hour'",
            ["threshold is one of 10, 25", "none is in the future"],
        ),
        (
            "page_heatmap",
            "average_scroll_depth = 101, max_scroll_depth = 101, events = 0",
            [
                "average_scroll_depth is at least 0 and at most 100",
                "max_scroll_depth is at least 0 and at most 100",
                "events is at least 1",
            ],
        ),
        (
            "participation_daily",
            "date = '2024-06-03', participants = 7",
            ["entity_type, entity_id, date are unique", "every day has a row"],
        ),
    ],
    oddities=[
        ("campaigns", "cost = -1", ["no campaign earns money by its cost"]),
        ("experiments", "is_sample_sound = false", ["participants are spread over variants"]),
        (
            "entity_engagement",
            "total_likes = -1, total_bookmarks = -1",
            ["no more likes taken back than given", "no more bookmarks removed than set"],
        ),
    ],
)
