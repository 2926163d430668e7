"""What must hold of the marts about orders, sales and how customers come."""

from __future__ import annotations

from expectations.rules import (
    Rule,
    at_most,
    between,
    counts,
    key,
    matches,
    never_negative,
    no_rows,
)
from expectations.suites import (
    ATTRIBUTION_MODELS,
    CLAIMED,
    Horizon,
    Suite,
    credited,
    possible_days,
)

COUNTS = ("orders", "cancelled_orders", "sales")


def suites(horizon: Horizon) -> tuple[Suite, ...]:
    """Return the suites of the domain."""
    sums = " or ".join(
        f"round(sum(conversions_{model}), 6) <> round(sum(conversions_first_touch), 6)"
        for model in ATTRIBUTION_MODELS
    )
    return (
        Suite(
            "sales.acquisition_daily",
            (
                *key("channel", "date"),
                possible_days("date", horizon),
                *counts("visits", "new_visitors", "page_views"),
                *credited(),
                at_most("new_visitors", "visits"),
                between("bounce_rate", 0, 100),
                no_rows(
                    f"select 1 from {{batch}} group by date having {sums}",  # noqa: S608
                    "all models share out as many conversions of a day",
                ),
            ),
        ),
        Suite(
            "sales.customers",
            (
                *key("user_id"),
                possible_days("first_order_date", horizon),
                possible_days("last_order_date", horizon),
                at_most("first_order_date", "last_order_date"),
                between("order_days", 1),
                at_most("order_days", "orders"),
                never_negative("orders", "frequency", "recency_days", "age_days"),
                at_most("frequency", "recency_days"),
                at_most("recency_days", "age_days"),
                between("revenue", 0, sentence="no revenue is negative").as_warning(),
            ),
        ),
        Suite(
            "sales.orders",
            (
                *key("order_id"),
                between("last_event_at", high=horizon.latest, sentence="no event is in the future"),
                possible_days("order_date", horizon),
                at_most("placed_at", "last_event_at"),
                never_negative("payment_failures", "refunds", "items_count"),
                _currencies(),
                no_rows(
                    f"select 1 from {CLAIMED} as claimed"  # noqa: S608
                    " left join {batch} as mart on claimed.entity_id = mart.order_id"
                    " where claimed.category = 'order' and claimed.event_type = 'created'"
                    " and claimed.entity_type = 'order' and claimed.entity_id is not null"
                    " and mart.order_id is null",
                    "every order of the latest core run has a row",
                    requires=[CLAIMED],
                ),
                no_rows(
                    "select 1 from {batch} where is_sale and is_cancelled",
                    "no cancelled order counts as a sale",
                ),
                between("total", 0, sentence="no total is negative").as_warning(),
                between("refunded", 0, sentence="no refund is negative").as_warning(),
                at_most(
                    "refunded", "total", "no more is given back than an order was worth"
                ).as_warning(),
            ),
        ),
        Suite(
            "sales.sales_daily",
            (
                *key("date", "currency"),
                possible_days("date", horizon),
                _currencies(),
                never_negative(
                    *COUNTS,
                    "orders_paid",
                    "orders_confirmed",
                    "orders_shipped",
                    "orders_delivered",
                    "orders_cancelled",
                    "orders_refunded",
                ),
                at_most("sales", "orders"),
                at_most("cancelled_orders", "orders"),
                no_rows(
                    "select 1 from {batch} group by currency"
                    " having count(*) <> max(date) - min(date) + 1",
                    "every day of a currency from the first to the last has a row",
                ),
                between("revenue", 0, sentence="no day has a negative revenue").as_warning(),
                between("refunds", 0, sentence="no day has negative refunds").as_warning(),
            ),
        ),
        Suite(
            "sales.payment_methods_daily",
            (
                *key("date", "payment_method", "currency"),
                possible_days("date", horizon),
                _currencies(),
                never_negative(
                    *COUNTS, "payments_started", "payments_completed", "payments_failed"
                ),
                between("failure_rate", 0, 100),
                at_most("sales", "orders"),
            ),
        ),
    )


def _currencies() -> Rule:
    return matches(
        "currency",
        "^([A-Z]{3}|unknown)$",
        "every currency is a code of three capital letters, or unknown",
    )
