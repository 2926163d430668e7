"""The semantic layer: metrics of MetricFlow say what the marts say."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from pipeline.runs import run
from pipeline.semantic_layer import MetricsError, Question, ask, list_metrics, write_sql
from stack.cli import application
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, settings_for
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

GUIDE = PROJECT_ROOT / "docs" / "guides" / "ask-for-figures.md"
MONDAY = datetime(2024, 6, 3, 12, tzinfo=UTC)
JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)


def at(days: int, **fields: object) -> dict[str, object]:
    return {"occurred_at": MONDAY + timedelta(days=days), **fields}


def order(order_id: str, days: int, currency: str, value: int) -> dict[str, object]:
    return at(
        days, category="order", event_type="created", entity_type="order", entity_id=order_id,
        currency=currency, value=value,
    )  # fmt: skip


def product(action: str, days: int) -> dict[str, object]:
    return at(
        days, category="product", event_type=action, entity_type="product", entity_id="p1",
        properties={"product_name": "Kettle"},
    )  # fmt: skip


def request(status: int, days: int = 0) -> dict[str, object]:
    return at(
        days, category="system", event_type="api_request", entity_type="endpoint", entity_id="/a",
        properties={"status_code": status, "response_time_ms": 10},
    )  # fmt: skip


EVENTS = [
    at(0, user_id="u1", context={"country": "France"}),
    at(0, user_id="u2", context={"country": "Austria"}),
    # an empty day, and a month of one visitor
    at(2, user_id="u1", context={"country": "France"}),
    at(30, user_id="u3"),
    order("o1", 0, "EUR", 100),
    order("o2", 0, "USD", 30),
    order("o3", 30, "EUR", 50),
    *(product("view", days) for days in (0, 0, 2, 30)),
    product("purchase", 30),
    request(200), request(500), request(404), request(200, 30),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    land(warehouse, EVENTS)
    run(
        ["all"], settings=settings_for(warehouse), trigger="test", gates=GivenGates()
    ).raise_for_state()
    return warehouse


@pytest.fixture(scope="module")
def analyst(shop: Warehouse) -> Settings:
    return settings_for(shop).model_copy(update={"read_dsn": shop.dsn(Role.READER)})


def by_sql(shop: Warehouse, query: str) -> list[tuple[object, ...]]:
    with connect(shop.dsn(Role.READER)) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.mark.parametrize(
    ("metrics", "by", "query"),
    [
        (
            ("events", "page_views", "new_users", "total_users", "errors", "daily_active_users"),
            ("metric_time",),
            "select date, events, page_views, new_users, total_users, error_count, active_users"
            " from marts.daily_analytics order by date",
        ),
        (
            ("sessions", "bounce_rate", "average_session_duration"),
            ("session__country",),
            "select country, count(*), avg(is_bounce::int), avg(duration_seconds)"
            " from marts.sessions group by country order by country",
        ),
        (
            ("active_known_users",),
            ("metric_time__month",),
            "select date_trunc('month', date)::date, count(distinct user_id)"
            " from marts.user_daily group by 1 order by 1",
        ),
        (
            ("orders", "sales", "revenue", "net_revenue"),
            ("metric_time__month", "currency"),
            "select date_trunc('month', date)::date, currency, sum(orders), sum(sales),"
            " sum(revenue), sum(net_revenue) from marts.sales_daily group by 1, 2 order by 1, 2",
        ),
        (
            ("purchases", "product_views", "view_to_purchase_rate"),
            ("product__product_name",),
            "select product_name, total_sales, total_views, view_to_purchase_rate / 100"
            " from marts.product_metrics",
        ),
        (
            ("requests", "failed_requests", "error_rate"),
            ("endpoint",),
            "select endpoint, sum(request_count), sum(error_count),"
            " sum(error_count) / sum(request_count) from marts.endpoint_performance_hourly"
            " group by endpoint",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_metrics_say_what_the_marts_say(
    shop: Warehouse,
    analyst: Settings,
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    query: str,
) -> None:
    answer = ask(analyst, Question(metrics, by))
    assert answer.columns[len(by) :] == metrics
    expected = by_sql(shop, query)
    assert expected
    assert answer.rows == [tuple(map(almost, row)) for row in expected]


def almost(value: object) -> object:
    return pytest.approx(value) if isinstance(value, (Decimal, int)) else value


def test_a_month_without_visits_is_zero_and_sessions_are_counted_in_periods(
    analyst: Settings,
) -> None:
    question = Question(("sessions", "conversion_rate"), ("metric_time__month",))
    assert ask(analyst, question).rows == [(JUNE, 5, 2 / 5), (JULY, 2, 1 / 2)]
    days = ask(analyst, Question(("sessions",), ("metric_time",), until=date(2024, 6, 5)))
    assert [row[1] for row in days.rows] == [3, 0, 2]


def test_money_is_by_currency_though_nobody_asked(analyst: Settings) -> None:
    assert ask(analyst, Question(("revenue",))).rows == [("EUR", 150), ("USD", 30)]
    rows = ask(analyst, Question(("average_order_value",), order_by=("-average_order_value",))).rows
    assert rows == [("EUR", 75.0), ("USD", 30.0)]


def test_a_condition_and_a_limit_choose(analyst: Settings) -> None:
    france = "{{ Dimension('session__country') }} = 'France'"
    rows = ask(analyst, Question(("sessions",), ("metric_time",), where=(france,), limit=1)).rows
    assert rows == [(date(2024, 6, 3), 1)]


def test_a_question_that_cannot_be_answered_says_what_can_be_asked(analyst: Settings) -> None:
    with pytest.raises(MetricsError, match=r"does not exactly match any known metrics.*'revenue'"):
        write_sql(analyst, Question(("revenues",)))
    with pytest.raises(MetricsError, match="'Dimensio' is undefined"):
        write_sql(analyst, Question(("sessions",), where=("{{ Dimensio('x') }} = 1",)))


def test_every_metric_is_described_and_answers(analyst: Settings) -> None:
    metrics = list_metrics(analyst)
    assert len(metrics) >= 20
    for metric in metrics:
        assert metric.description, metric.name
        ask(analyst, Question((metric.name,), ("metric_time",)))


def test_since_and_until_choose_whole_periods(analyst: Settings) -> None:
    question = Question(
        ("sessions",),
        ("metric_time__month",),
        since=date(2024, 6, 20),
        until=date(2024, 7, 10),
    )
    assert ask(analyst, question).rows == [(JUNE, 5), (JULY, 2)]


@pytest.mark.parametrize(
    "command", re.findall(r"^footfall (metrics.*)$", GUIDE.read_text(), re.MULTILINE)
)
def test_the_commands_of_the_guide_answer(
    command: str, shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_READ_DSN", shop.dsn(Role.READER))
    monkeypatch.setenv("FOOTFALL_TRANSFORM_DSN", shop.dsn(Role.TRANSFORM))
    monkeypatch.setenv("COLUMNS", "300")
    load_settings.cache_clear()
    words = shlex.split(command)
    try:
        answer = CliRunner().invoke(application(words), words, catch_exceptions=False)
    finally:
        load_settings.cache_clear()
    assert answer.exit_code == 0, answer.output
    for name in words[1:2]:
        assert name in answer.stdout
