"""The marts about products: a good candidate, and what must not pass."""

from __future__ import annotations

from datetime import timedelta

from tests.expectations.cases import MONDAY, NOON, Cases

PRODUCTS = (
    {
        "product_id": "p1",
        "total_views": 10,
        "total_clicks": 4,
        "view_to_click_rate": 40,
        "last_updated": NOON,
    },
    {"product_id": "p2", "favorites": 1, "total_favorites": 1, "last_updated": NOON},
)
PRODUCT_PERIOD = {
    "product_id": "p1",
    "events": 7,
    "views": 4,
    "clicks": 1,
    "unique_visitors": 2,
    "unique_users": 1,
    "unique_sessions": 3,
    "view_to_click_rate": 25,
}
PRODUCT_DAYS = (
    {**PRODUCT_PERIOD, "date": MONDAY},
    {**PRODUCT_PERIOD, "date": MONDAY + timedelta(1)},
)
PRODUCT_WEEKS = ({**PRODUCT_PERIOD, "week": MONDAY},)
PRODUCT_MONTHS = ({**PRODUCT_PERIOD, "month": MONDAY.replace(day=1)},)
SEARCH_TERMS = (
    {
        "search_term": "tent",
        "date": MONDAY,
        "searches": 4,
        "unique_visitors": 2,
        "no_result_searches": 1,
        "no_result_rate": 25,
        "avg_results": None,
        "searches_with_product": 2,
        "click_through_rate": 50,
    },
)
RECOMMENDATIONS = (
    {
        "surface": "home",
        "date": MONDAY,
        "recommendations_shown": 4,
        "recommendations_clicked": 2,
        "click_through_rate": 50,
        "recommendations_purchased": 1,
        "purchase_rate": 50,
        "unique_visitors": 2,
    },
)
CASES = Cases(
    rows={
        "product_metrics": PRODUCTS,
        "product_daily": PRODUCT_DAYS,
        "product_weekly": PRODUCT_WEEKS,
        "product_monthly": PRODUCT_MONTHS,
        "search_terms_daily": SEARCH_TERMS,
        "recommendations_daily": RECOMMENDATIONS,
    },
    signed=frozenset({"total_favorites", "total_units_sold", "units_sold", "avg_results"}),
    defects=[
        (
            "product_metrics",
            "product_id = 'p1', last_updated = now() + interval '1 hour'",
            ["product_id is unique", "no event is in the future"],
        ),
        (
            "product_daily",
            "date = current_date + 2, unique_users = 3, unique_sessions = 9",
            [
                "product_id, date are unique",
                "no date is in the future",
                "unique_users is never greater than unique_visitors",
                "unique_sessions is never greater than events",
            ],
        ),
        ("product_weekly", "unique_sessions = 1", ["unique_visitors is never greater than unique"]),
        ("product_monthly", "month = '1970-01-01'", ["no month is in the future or before 1990"]),
        (
            "search_terms_daily",
            "searches = 0, click_through_rate = 101, date = current_date + 2",
            ["searches is at least 1", "click_through_rate is at least 0", "no date is in the"],
        ),
        (
            "recommendations_daily",
            "recommendations_purchased = 3, purchase_rate = 150",
            ["recommendations_purchased is never greater", "purchase_rate is at least 0"],
        ),
    ],
    oddities=[
        (
            "product_metrics",
            "total_favorites = -1, total_units_sold = -1",
            ["no more favourites withdrawn than given", "no more units returned than sold"],
        ),
        (
            "recommendations_daily",
            "recommendations_clicked = 9",
            ["recommendations_clicked is never greater than recommendations_shown"],
        ),
    ],
)
