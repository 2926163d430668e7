"""What must hold of the marts about content, pages and what people take part in."""

from __future__ import annotations

from expectations.rules import Rule, at_most, between, counts, key, never_negative, no_rows, one_of
from expectations.suites import Horizon, Suite, counts_the_latest, credited, possible_days
from warehouse.bounds import EARLIEST_TIME

MILESTONES = (10, 25, 50, 100, 250, 500, 1000)
P_VALUES = ("p_value", "value_p_value", "sample_ratio_p_value")


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "content.campaigns",
            (
                *key("campaign"),
                possible_days("first_visit_date", horizon),
                possible_days("last_visit_date", horizon),
                *counts("visits", "new_visitors", "page_views", "named_conversions"),
                *credited(),
                at_most("new_visitors", "visits"),
                between("bounce_rate", 0, 100),
                between("cost", 0, sentence="no campaign earns money by its cost").as_warning(),
            ),
        ),
        Suite(
            "content.experiments",
            (
                *key("experiment_id", "variant"),
                possible_days("first_exposed_date", horizon),
                possible_days("last_exposed_date", horizon),
                between("participants", 1),
                *counts("converted", "conversions"),
                at_most("converted", "participants"),
                at_most("converted", "conversions"),
                between("conversion_rate", 0, 100),
                *(between(name, 0, 1) for name in P_VALUES),
                between("confidence_level", 0, 1),
                at_most("difference_low", "difference_high"),
                at_most("sequential_low", "sequential_high"),
                at_most("value_difference_low", "value_difference_high"),
                no_rows(
                    "select 1 from {batch} where experiment_id is not null group by experiment_id"
                    " having count(*) filter (where is_control) <> 1"
                    " or count(*) filter (where is_winner) > 1",
                    "every experiment has one control, and at most one winner",
                ),
                one_of(
                    "is_sample_sound",
                    [True],
                    "participants are spread over variants as evenly as chance allows",
                    mostly=0.5,
                ).as_warning(),
            ),
        ),
        Suite(
            "content.entity_engagement",
            (
                *key("entity_type", "entity_id"),
                *_times("first_interaction", "last_interaction", horizon),
                never_negative(
                    "total_views",
                    "total_interactions",
                    "total_comments",
                    "total_shares",
                    "total_clicks",
                    "total_conversions",
                    "engagement_rate",
                ),
                between(
                    "total_likes", 0, sentence="no more likes taken back than given"
                ).as_warning(),
                between(
                    "total_bookmarks", 0, sentence="no more bookmarks removed than set"
                ).as_warning(),
            ),
        ),
        Suite(
            "content.event_types_daily",
            (
                *key("category", "event_type", "date"),
                possible_days("date", horizon),
                between("events", 1),
                *counts("unique_users", "unique_visitors"),
                at_most("unique_users", "unique_visitors"),
                at_most("unique_visitors", "events"),
                counts_the_latest(
                    {"category": "category", "event_type": "event_type", "date": "occurred_date"},
                    "events",
                    "every event of the latest core run is counted for its type",
                ),
            ),
        ),
        Suite(
            "content.milestones",
            (
                *key("entity_type", "entity_id", "threshold"),
                one_of("threshold", MILESTONES),
                between("reached_at", high=horizon.latest, sentence="none is in the future"),
                possible_days("reached_date", horizon),
                between("days_to_reach", 0),
            ),
        ),
        Suite(
            "content.page_heatmap",
            (
                *key("page_url", "element_selector", "cell_x", "cell_y"),
                *_times("first_occurred_at", "last_occurred_at", horizon),
                between("events", 1),
                *counts("clicks", "hovers"),
                between("average_scroll_depth", 0, 100),
                between("max_scroll_depth", 0, 100),
            ),
        ),
        Suite(
            "content.participation_daily",
            (
                *key("entity_type", "entity_id", "date"),
                possible_days("date", horizon),
                *counts("joined", "left_again", "participants"),
                no_rows(
                    "select 1 from {batch} group by entity_type, entity_id"
                    " having count(*) <> max(date) - min(date) + 1"
                    " or sum(net_participants)"
                    " <> (array_agg(participants order by date desc))[1]",
                    "every day has a row, and all changes add up to the participants",
                ),
            ),
        ),
    )


def _times(first: str, last: str, horizon: Horizon) -> tuple[Rule, ...]:
    return (
        between(first, EARLIEST_TIME, sentence=f"nothing happened before {EARLIEST_TIME:%Y}"),
        between(last, high=horizon.latest, sentence="nothing happened in the future"),
        at_most(first, last),
    )
