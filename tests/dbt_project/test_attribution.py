"""By which channels visitors come, and which visits lead to which conversions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, mart, settings_for
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

NOON = datetime(2024, 6, 30, 12, tzinfo=UTC)
SITE = "https://shop.example/"
Event = dict[str, object]
MODELS = (
    "first_touch",
    "last_touch",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
)

# page address, referrer, campaign parameters -> channel
ARRIVALS: list[tuple[str, str | None, dict[str, str], str]] = [
    (SITE, None, {}, "Direct"),
    (SITE, "https://www.google.com/", {}, "Organic Search"),
    (SITE, "https://duckduckgo.com/?q=tent", {}, "Organic Search"),
    (SITE, "https://mail.google.com/", {}, "Referral"),
    (SITE, "https://l.facebook.com/l.php", {}, "Organic Social"),
    (SITE, "https://t.co/abc", {}, "Organic Social"),
    (SITE, "https://www.youtube.com/watch", {}, "Organic Video"),
    (SITE, "https://www.amazon.de/", {}, "Organic Shopping"),
    (SITE, "https://blog.example/review", {}, "Referral"),
    (f"{SITE}a", "https://shop.example/b", {}, "Direct"),
    (f"{SITE}?gclid=1", "https://www.google.com/", {}, "Paid Search"),
    (f"{SITE}?msclkid=1", None, {}, "Paid Search"),
    (f"{SITE}?fbclid=1", None, {}, "Organic Social"),
    (f"{SITE}?ttclid=1", None, {}, "Paid Social"),
    (f"{SITE}?dclid=1", None, {}, "Display"),
    (SITE, None, {"source": "google", "medium": "cpc"}, "Paid Search"),
    (SITE, None, {"source": "Facebook", "medium": "CPC"}, "Paid Social"),
    (SITE, None, {"source": "youtube", "medium": "paid"}, "Paid Video"),
    (SITE, None, {"source": "google", "medium": "cpc", "campaign": "Shopping"}, "Paid Shopping"),
    (SITE, None, {"source": "news", "medium": "cpc"}, "Paid Other"),
    (SITE, None, {"source": "news", "medium": "banner"}, "Display"),
    (SITE, None, {"source": "ads", "medium": "x", "campaign": "cross-network"}, "Cross-network"),
    (SITE, None, {"source": "newsletter", "medium": "email"}, "Email"),
    (SITE, None, {"source": "partner", "medium": "affiliate"}, "Affiliates"),
    (SITE, None, {"source": "radio", "medium": "audio"}, "Audio"),
    (SITE, None, {"source": "sms", "medium": "text"}, "SMS"),
    (SITE, None, {"source": "app", "medium": "webpush"}, "Mobile Push Notifications"),
    (SITE, None, {"source": "somewhere", "medium": "somehow"}, "Unassigned"),
    (f"{SITE}?utm_source=news+letter&utm_medium=email", None, {}, "Email"),
]


def came(visitor: str, days: float, page: str, referrer: str | None, **utm: str) -> Event:
    context = {"page_url": page, **{f"utm_{name}": value for name, value in utm.items()}}
    if referrer is not None:
        context["referrer"] = referrer
    return {
        "user_id": visitor,
        "occurred_at": NOON + timedelta(days=days),
        "context": context,
    }


def converted(visitor: str, days: float = 0, **fields: object) -> Event:
    return {
        "user_id": visitor,
        "category": "conversion",
        "event_type": "signup",
        "occurred_at": NOON + timedelta(days=days),
        **fields,
    }


CHANNELS: list[Event] = [
    came(f"arrival {number}", -100, page, referrer, **utm)
    for number, (page, referrer, utm, _) in enumerate(ARRIVALS)
]
WAY = [
    came("walker", -31, SITE, None, source="too early", medium="email", campaign="early"),
    came("walker", -14, SITE, None, source="google", medium="cpc", campaign="brand"),
    came("walker", -7, SITE, None, source="letter", medium="email", campaign="weekly"),
    came("walker", -1, SITE, None),
    converted("walker", value=Decimal("10.00"), currency="EUR"),
]
SEVEN = [
    *(came("seven", -day, SITE, None, source="letter", medium="email") for day in range(6, -1, -1)),
    converted("seven"),
]
NAMED: list[Event] = [
    converted("caller", value=Decimal("99.99"), properties={"campaign_id": "summer2024"}),
    {
        "user_id": None,
        "category": "campaign",
        "event_type": "cost",
        "entity_type": "campaign",
        "entity_id": "summer2024",
        "value": Decimal("120.50"),
        "currency": "EUR",
        "occurred_at": NOON,
    },
]
TWO_CURRENCIES = [
    came("abroad", -1, SITE, None, source="letter", medium="email", campaign="abroad"),
    converted("abroad", value=1, currency="USD"),
    converted("abroad", value=2, currency="EUR"),
]
LOADS: list[Sequence[Event]] = [
    [*CHANNELS, *WAY[::2], *SEVEN[1:], *TWO_CURRENCIES],
    [*WAY[1::2], *SEVEN[:1], *NAMED],
]


def bring_up_to_date(warehouse: Warehouse, *, full_refresh: bool = False) -> None:
    run(
        ["user", "sales", "content"],
        settings=settings_for(warehouse),
        trigger="test",
        full_refresh=full_refresh,
        gates=GivenGates(),
    ).raise_for_state()


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres) -> Warehouse:
    warehouse = fresh_warehouse(postgres)
    for events in LOADS:
        land(warehouse, events)
        bring_up_to_date(warehouse)
    return warehouse


def credits_of(warehouse: Warehouse, visitor: str) -> list[tuple[Any, ...]]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        query = (
            f"select channel, {', '.join(MODELS)} from intermediate.int_attribution"
            f" where visitor_id = '{visitor}' order by touch"
        )
        return connection.execute(query.encode()).fetchall()


@pytest.mark.parametrize(
    ("number", "channel"), [(number, arrival[-1]) for number, arrival in enumerate(ARRIVALS)]
)
def test_a_session_is_of_the_channel_that_it_came_by(
    built: Warehouse, number: int, channel: str
) -> None:
    rows = mart(built, f"sessions where visitor_id = 'arrival {number}'", "channel")
    assert rows == [(channel,)], ARRIVALS[number]


def test_each_model_credits_the_touches_within_the_lookback(built: Warehouse) -> None:
    # weights by age: 14, 7 and 1 days
    weights = [Decimal("0.25"), Decimal("0.5"), Decimal(2 ** (-1 / 7))]
    decayed = [round(weight / sum(weights), 9) for weight in weights]
    third = Decimal("0.333333333")
    assert credits_of(built, "walker") == [
        ("Paid Search", 1, 0, 0, third, Decimal("0.4"), decayed[0]),
        ("Email", 0, 0, 1, third, Decimal("0.2"), decayed[1]),
        ("Direct", 0, 1, 0, 1 - 2 * third, Decimal("0.4"), 1 - decayed[0] - decayed[1]),
    ]


def test_credits_of_a_conversion_add_up_to_exactly_one(built: Warehouse) -> None:
    sums = ", ".join(f"sum({model})" for model in MODELS)
    with connect(built.dsn(Role.TRANSFORM)) as connection:
        query = f"select {sums} from intermediate.int_attribution group by conversion_id"
        rows = connection.execute(query.encode()).fetchall()
    assert len(rows) == 5
    assert set(rows) == {(1,) * 6}
    assert [row[4] for row in credits_of(built, "seven")][:2] == [Decimal("0.142857143")] * 2


def test_acquisition_adds_up_visits_and_credits_by_channel(built: Warehouse) -> None:
    columns = "channel, visits, conversions_first_touch, conversions_linear"
    # three conversions come from servers, each in a session that leads to nothing
    assert mart(built, "acquisition_daily where date = '2024-06-30'", columns) == [
        ("Direct", 3, 1, 1 - 2 * Decimal("0.333333333") + 1),
        ("Email", 1, 3, Decimal("3.333333333")),
        ("Paid Search", 0, 1, Decimal("0.333333333")),
    ]
    columns = "sum(conversions_last_touch), sum(conversions_time_decay), sum(visits)"
    assert mart(built, "acquisition_daily", columns) == [(5, 5, len(ARRIVALS) + 4 + 7 + 1 + 3)]


def test_new_visitors_are_those_whose_first_visit_it_is(built: Warehouse) -> None:
    columns = "sum(new_visitors), count(*) filter (where new_visitors > visits)"
    assert mart(built, "acquisition_daily", columns) == [(len(ARRIVALS) + 4, 0)]


def test_campaigns_have_visits_credits_and_value(built: Warehouse) -> None:
    columns = (
        "campaign, campaign_source, campaign_medium, visits, conversions_first_touch,"
        " value_position_based, value_currency, cost"
    )
    only = "campaigns where campaign in ('brand', 'weekly', 'early')"
    assert mart(built, only, columns) == [
        ("brand", "google", "cpc", 1, 1, Decimal("4"), "EUR", None),
        ("early", "too early", "email", 1, 0, 0, None, None),
        ("weekly", "letter", "email", 1, 0, Decimal("2"), "EUR", None),
    ]


def test_a_campaign_has_the_conversions_that_name_it_and_its_cost(built: Warehouse) -> None:
    columns = "visits, named_conversions, named_value, value_currency, cost, cost_currency"
    assert mart(built, "campaigns where campaign = 'summer2024'", columns) == [
        (0, 1, Decimal("99.99"), None, Decimal("120.5"), "EUR")
    ]


def test_values_in_two_currencies_are_never_added(built: Warehouse) -> None:
    columns = "conversions_linear, value_linear, value_currency, values_by_currency"
    [(conversions, value, currency, by_currency)] = mart(
        built, "campaigns where campaign = 'abroad'", columns
    )
    assert (conversions, value, currency) == (2, None, None)
    assert {name: values["linear"] for name, values in by_currency.items()} == {"EUR": 2, "USD": 1}


def test_touches_that_arrive_late_equal_a_full_refresh(built: Warehouse) -> None:
    names = ("acquisition_daily", "campaigns", "sessions")
    incremental = {name: sorted(mart(built, name), key=repr) for name in names}
    bring_up_to_date(built, full_refresh=True)
    assert incremental == {name: sorted(mart(built, name), key=repr) for name in names}
