"""What must hold of the marts about products, searches and recommendations."""

from __future__ import annotations

from expectations.rules import Rule, at_most, between, counts, key, never_negative
from expectations.suites import Horizon, Suite, counts_the_latest, possible_days

RATES = (
    "view_to_click_rate",
    "click_to_cart_rate",
    "cart_to_purchase_rate",
    "view_to_purchase_rate",
)
COUNTS = (
    "events",
    "views",
    "clicks",
    "favorites",
    "unfavorites",
    "cart_additions",
    "cart_removals",
    "purchases",
    "reviews",
    "unique_visitors",
    "unique_users",
    "unique_sessions",
)


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    return (
        Suite(
            "product.product_metrics",
            (
                *key("product_id"),
                *counts(
                    "total_views",
                    "total_clicks",
                    "favorites",
                    "unfavorites",
                    "total_cart_additions",
                    "total_cart_removals",
                    "total_sales",
                    "total_reviews",
                    *RATES,
                ),
                between("last_updated", high=horizon.latest, sentence="no event is in the future"),
                between(
                    "total_favorites", 0, sentence="no more favourites withdrawn than given"
                ).as_warning(),
                between(
                    "total_units_sold", 0, sentence="no more units returned than sold"
                ).as_warning(),
            ),
        ),
        _periods(
            "product_daily",
            "date",
            horizon,
            counts_the_latest(
                {"product_id": "entity_id", "date": "occurred_date"},
                "events",
                "every event of the latest core run is counted for its product on its day",
                where="entity_type = 'product' and entity_id is not null",
            ),
        ),
        _periods("product_weekly", "week", horizon),
        _periods("product_monthly", "month", horizon),
        Suite(
            "product.search_terms_daily",
            (
                *key("search_term", "date"),
                possible_days("date", horizon),
                between("searches", 1),
                never_negative(
                    "unique_visitors",
                    "no_result_searches",
                    "searches_with_product",
                    "searches_with_purchase",
                ),
                between("no_result_rate", 0, 100),
                between("click_through_rate", 0, 100),
                between("purchase_rate", 0, 100),
                at_most("unique_visitors", "searches"),
            ),
        ),
        Suite(
            "product.recommendations_daily",
            (
                *key("surface", "date"),
                possible_days("date", horizon),
                never_negative(
                    "recommendations_shown",
                    "recommendations_clicked",
                    "recommendations_purchased",
                    "unique_visitors",
                    "click_through_rate",
                ),
                between("purchase_rate", 0, 100),
                at_most("recommendations_purchased", "recommendations_clicked"),
                at_most("recommendations_clicked", "recommendations_shown").as_warning(),
            ),
        ),
    )


def _periods(mart: str, period: str, horizon: Horizon, *further: Rule) -> Suite:
    return Suite(
        f"product.{mart}",
        (
            *key("product_id", period),
            possible_days(period, horizon),
            never_negative(*COUNTS, *RATES),
            at_most("unique_users", "unique_visitors"),
            at_most("unique_visitors", "unique_sessions"),
            at_most("unique_sessions", "events"),
            *further,
        ),
    )
