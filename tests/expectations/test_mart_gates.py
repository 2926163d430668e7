"""The gates for candidates: each defect of a mart keeps it from being published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.gate import check_candidates
from expectations.results import GateResult
from expectations.suites import Horizon, by_domain
from tests.conftest import Warehouse
from tests.expectations.candidates import build, change, contract, is_number, rebuild
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

RUN = 11
pytestmark = pytest.mark.usefixtures("without_pages")
MONDAY = date(2024, 6, 3)
NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)

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
USERS = (
    {
        "user_id": "u1",
        "first_activity": NOON,
        "last_activity": NOON + timedelta(days=1),
        "active_days": 2,
        "total_events": 7,
        "total_sessions": 2,
        "total_time_spent": 60,
        "avg_session_duration": 30,
        "total_page_views": 3,
        "recommendations_shown": 1,
        "recommendations_clicked": 1,
        "last_calculated": NOON,
    },
    {
        "user_id": "u2",
        "first_activity": NOON,
        "last_activity": NOON,
        "active_days": 1,
        "total_events": 1,
        "avg_session_duration": None,
        "last_calculated": NOON,
    },
)
SESSIONS = (
    {
        "session_id": "s1",
        "visitor_id": "u1",
        "started_at": NOON,
        "ended_at": NOON + timedelta(minutes=1),
        "started_date": MONDAY,
        "duration_seconds": 60,
        "events": 3,
        "page_views": 3,
    },
    {
        "session_id": "s1",
        "visitor_id": "u2",
        "started_at": NOON,
        "ended_at": NOON,
        "started_date": MONDAY,
        "events": 1,
        "page_views": 1,
        "is_bounce": True,
    },
)
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
ORDERS = (
    {
        "order_id": "o1",
        "status": "refunded",
        "order_date": MONDAY,
        "placed_at": NOON,
        "last_event_at": NOON + timedelta(days=1),
        "currency": "EUR",
        "total": 10,
        "items_count": 2,
        "refunds": 1,
        "refunded": 4,
        "is_sale": True,
    },
    {
        "order_id": "o2",
        "order_date": MONDAY,
        "placed_at": NOON,
        "last_event_at": NOON,
        "currency": "unknown",
        "total": None,
        "is_cancelled": True,
    },
)
SALES_DAYS = (
    {"date": MONDAY, "currency": "EUR", "orders": 2, "cancelled_orders": 1, "sales": 1},
    {"date": MONDAY + timedelta(1), "currency": "EUR"},
    {"date": MONDAY, "currency": "unknown", "orders": 1, "sales": 1},
)
PAYMENT_METHODS = (
    {
        "date": MONDAY,
        "payment_method": "card",
        "currency": "EUR",
        "orders": 2,
        "sales": 1,
        "payments_completed": 1,
        "payments_failed": 1,
        "failure_rate": 50,
    },
)
MARTS: Mapping[str, tuple[str, tuple[Mapping[str, object], ...]]] = {
    "daily_analytics": ("daily", DAYS),
    "user_analytics": ("user", USERS),
    "sessions": ("user", SESSIONS),
    "product_metrics": ("product", PRODUCTS),
    "product_daily": ("product", PRODUCT_DAYS),
    "product_weekly": ("product", PRODUCT_WEEKS),
    "product_monthly": ("product", PRODUCT_MONTHS),
    "search_terms_daily": ("product", SEARCH_TERMS),
    "recommendations_daily": ("product", RECOMMENDATIONS),
    "orders": ("sales", ORDERS),
    "sales_daily": ("sales", SALES_DAYS),
    "payment_methods_daily": ("sales", PAYMENT_METHODS),
}
# figures that may be negative: what was withdrawn, given back or has shrunk
SIGNED = {
    *("total_favorites", "total_units_sold", "units_sold", "avg_results"),
    *("total", "refunded", "net_total", "revenue", "refunds", "net_revenue"),
    *("average_order_value", "revenue_growth_day", "revenue_growth_week"),
}


@pytest.fixture(autouse=True)
def _good_candidates(warehouse: Warehouse) -> Iterator[None]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        for mart, (domain, rows) in MARTS.items():
            build(connection, domain, mart, rows)
    yield
    change(warehouse, "drop table if exists intermediate.int_claimed_events, marts.daily_analytics")


def blocking_sentences(domain: str, settings: Settings, mart: str, kind: str) -> set[str]:
    return {
        f"{suite.name}: expected that {rule.sentence}"
        for suite in by_domain(Horizon.of(settings))[domain]
        for rule in suite.rules
        if suite.table == mart and rule.severity == "blocking" and kind in rule.type
        if not rule.requires
    }


def without_figures(result: GateResult) -> set[str]:
    return {sentence.partition(", but ")[0] for sentence in result.failures}


@pytest.mark.parametrize("domain", sorted({domain for domain, _ in MARTS.values()}))
def test_good_candidates_pass(settings: Settings, domain: str) -> None:
    result = check_candidates(settings, domain, RUN)
    assert (result.failures, result.warnings) == ((), ())
    assert len(result.results) > 10


@pytest.mark.parametrize("mart", MARTS)
def test_a_candidate_without_rows_passes(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    change(warehouse, f"delete from marts_candidate.{mart}")
    result = check_candidates(settings, MARTS[mart][0], RUN)
    assert (result.failures, result.warnings) == ((), ())


@pytest.mark.parametrize("mart", MARTS)
def test_every_column_of_the_key_must_be_filled(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    domain = MARTS[mart][0]
    rebuild(warehouse, domain, mart, [dict.fromkeys(contract(domain, mart))])
    result = check_candidates(settings, domain, RUN)
    nulls = blocking_sentences(domain, settings, mart, "not_be_null")
    assert nulls
    assert nulls == without_figures(result)


@pytest.mark.parametrize("mart", MARTS)
def test_every_figure_that_cannot_be_negative_is_checked(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    domain, rows = MARTS[mart]
    figures = {
        name: -1
        for name, type_ in contract(domain, mart).items()
        if is_number(type_) and name not in SIGNED
    }
    rebuild(warehouse, domain, mart, [{**rows[0], **figures}])

    result = check_candidates(settings, domain, RUN)

    ranges = {
        sentence
        for sentence in blocking_sentences(domain, settings, mart, "values_to_be_between")
        if "future" not in sentence and "before" not in sentence
    }
    failed = without_figures(result)
    assert ranges <= failed
    checked = " ".join(sentence for sentence in failed if "never greater" not in sentence)
    assert [name for name in figures if not re.search(rf"\b{name}\b", checked)] == []


@pytest.mark.parametrize(
    ("mart", "defect", "rules"),
    [
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
        (
            "user_analytics",
            "user_id = 'u1', first_activity = '1970-01-01', active_days = 8, total_sessions = 8,"
            " total_page_views = 8, last_activity = now() + interval '1 hour'",
            [
                "user_id is unique",
                "nobody was active before 1990",
                "nobody is active in the future",
                "active_days is never greater than total_events",
                "total_sessions is never greater than total_events",
                "total_page_views is never greater than total_events",
            ],
        ),
        (
            "user_analytics",
            "active_days = 0, last_activity = '2024-06-02'",
            ["active_days is at least 1", "first_activity is never greater than last_activity"],
        ),
        (
            "sessions",
            "visitor_id = 'u1', started_at = '1970-01-01', page_views = 4,"
            " ended_at = now() + interval '1 hour'",
            [
                "visitor_id, session_id, is_derived are unique",
                "no session began before 1990",
                "page_views is never greater than events",
                "no session ends in the future",
            ],
        ),
        (
            "sessions",
            "events = 0, page_views = 0, ended_at = '2024-06-02'",
            ["every session has an event", "no session ends before it began"],
        ),
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
        (
            "orders",
            "order_id = 'o1', currency = 'euro', is_sale = true, order_date = current_date + 2,"
            " last_event_at = now() + interval '1 hour'",
            [
                "order_id is unique",
                "every currency is a code",
                "no cancelled order counts as a sale",
                "no order_date is in the future",
                "no event is in the future",
            ],
        ),
        ("orders", "placed_at = '2024-07-01'", ["placed_at is never greater than last_event_at"]),
        ("sales_daily", "date = '2024-06-05' where orders = 0", ["every day of a currency from"]),
        (
            "sales_daily",
            "sales = 3, cancelled_orders = 4, currency = 'EURO', date = '2024-06-03'",
            [
                "date, currency are unique",
                "sales is never greater than orders",
                "cancelled_orders is never greater than orders",
                "every currency is a code",
            ],
        ),
        (
            "payment_methods_daily",
            "failure_rate = 101, sales = 3, currency = '', date = current_date + 2",
            ["failure_rate is at least 0", "sales is never", "every currency", "in the future"],
        ),
    ],
)
def test_defects_of_a_mart_keep_it_from_being_published(
    warehouse: Warehouse, settings: Settings, mart: str, defect: str, rules: list[str]
) -> None:
    change(warehouse, f"update marts_candidate.{mart} set {defect}")
    result = check_candidates(settings, MARTS[mart][0], RUN)
    assert not result.passed
    for rule in rules:
        assert [failure for failure in result.failures if rule in failure], rule


@pytest.mark.parametrize(
    ("mart", "oddity", "rules"),
    [
        (
            "daily_analytics",
            "avg_session_duration = 90000, avg_response_time = 70000",
            ["sessions last less than a day", "the API answers within a minute"],
        ),
        ("user_analytics", "recommendations_clicked = 2", ["recommendations_clicked is never"]),
        ("sessions", "duration_seconds = 90000", ["no session lasts longer than a day"]),
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
        ("orders", "refunded = 11", ["no more is given back than an order was worth"]),
        ("orders", "total = -1, refunded = -2", ["no total is negative", "no refund is negative"]),
        ("sales_daily", "revenue = -1, refunds = -1", ["a negative revenue", "negative refunds"]),
    ],
)
def test_oddities_of_a_mart_warn_and_pass(
    warehouse: Warehouse, settings: Settings, mart: str, oddity: str, rules: list[str]
) -> None:
    change(warehouse, f"update marts_candidate.{mart} set {oddity}")
    result = check_candidates(settings, MARTS[mart][0], RUN)
    assert result.passed
    for rule, warning in zip(rules, result.warnings, strict=True):
        assert rule in warning


CLAIMED = (
    "create table intermediate.int_claimed_events as"
    " select v as visitor_id, v like 'u%' as is_user, d::date as occurred_date"
    " from (values ('u1', '2024-06-03'), ('u1', '2024-06-03'), ('a1', '{day}')) as t (v, d)"
)


@pytest.mark.parametrize("domain", ["daily", "user"])
def test_candidates_that_count_the_latest_events_pass(
    warehouse: Warehouse, settings: Settings, domain: str
) -> None:
    change(warehouse, CLAIMED.format(day=MONDAY))
    result = check_candidates(settings, domain, RUN)
    assert result.failures == ()
    assert [r for r in result.results if "of the latest core run" in r.sentence]


def test_a_day_that_lacks_new_events_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    change(warehouse, CLAIMED.format(day="2024-06-30"))
    result = check_candidates(settings, "daily", RUN)
    assert result.failures == (
        "daily.daily_analytics: expected that every event of the latest core run is counted"
        " on its day",
    )


def test_a_user_who_lacks_new_events_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    change(warehouse, CLAIMED.format(day=MONDAY))
    change(warehouse, "delete from marts_candidate.user_analytics where user_id = 'u1'")
    result = check_candidates(settings, "user", RUN)
    assert result.failures == (
        "user.user_analytics: expected that every event of the latest core run is counted"
        " for its user",
    )


def test_fewer_events_than_were_published_warn(warehouse: Warehouse, settings: Settings) -> None:
    rebuild(warehouse, "daily", "daily_analytics", DAYS, schema="marts")
    assert check_candidates(settings, "daily", RUN).warnings == ()
    change(warehouse, "update marts.daily_analytics set events = 100")
    result = check_candidates(settings, "daily", RUN)
    assert result.passed
    assert len(result.warnings) == 1
    assert "no fewer events than the published mart has" in result.warnings[0]


def test_a_mart_without_a_candidate_is_left_out(warehouse: Warehouse, settings: Settings) -> None:
    change(warehouse, "drop table marts_candidate.sessions")
    result = check_candidates(settings, "user", RUN)
    assert result.passed
    assert {r.suite for r in result.results} == {"user.user_analytics"}


def test_a_domain_without_a_suite_passes(settings: Settings) -> None:
    assert check_candidates(settings, "horticulture", RUN) == GateResult()


def test_a_candidate_that_lacks_a_column_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    change(warehouse, "alter table marts_candidate.product_metrics drop column total_views")
    result = check_candidates(settings, "product", RUN)
    assert not result.passed
    assert "product.product_metrics: not checked whether total_views" in result.failures[0]
