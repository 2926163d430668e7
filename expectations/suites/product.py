"""What must hold of the marts about products."""

from __future__ import annotations

from expectations.rules import between, counts, key
from expectations.suites import Horizon, Suite

RATES = ("view_to_click_rate", "click_to_cart_rate", "cart_to_purchase_rate")


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
                    "total_cart_additions",
                    "total_cart_removals",
                    "total_sales",
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
    )
