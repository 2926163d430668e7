"""Experiments: who takes part, and what the tests say of the variants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, mart, settings_for
from tests.rows import land

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
Event = dict[str, object]


def took_part(
    experiment: str, visitor: str, event_type: str, minutes: float = 0, **fields: object
) -> Event:
    return {
        "user_id": visitor,
        "category": "experiment",
        "event_type": event_type,
        "entity_type": "experiment",
        "entity_id": experiment,
        "occurred_at": NOON + timedelta(minutes=minutes),
        **fields,
    }


def shown(experiment: str, visitor: str, variant: str, minutes: float = 0) -> Event:
    return took_part(experiment, visitor, "exposure", minutes, properties={"variant": variant})


def arm(
    experiment: str, variant: str, participants: int, values: Sequence[float | None]
) -> list[Event]:
    """Return the events of a variant whose first participants convert, one for each value."""
    names = [f"{variant}{number}" for number in range(participants)]
    return [
        *(shown(experiment, name, variant) for name in names),
        *(
            took_part(experiment, name, "conversion", 10, value=value,
                      currency=None if value is None else "EUR")
            for name, value in zip(names, values, strict=False)
        ),
    ]  # fmt: skip


CONTROL_VALUES = [10.0, 12.5, 8.0, 11.0, 9.5, 10.5]
TREATED_VALUES = [14.0, 16.5, 13.0, 15.5, 14.5, 18.0, 12.0, 16.0]
CLEAR = [*arm("clear", "A", 400, [None] * 40), *arm("clear", "B", 400, [None] * 80)]
CLOSE = [*arm("close", "A", 100, [None] * 10), *arm("close", "B", 100, [None] * 12)]
UNEVEN = [*arm("uneven", "A", 300, [None] * 30), *arm("uneven", "B", 200, [None] * 60)]
CONTROL_BEST = [
    *arm("control best", "new", 400, [None] * 40),
    *arm("control best", "old", 400, [None] * 90),
]
VALUES = [*arm("values", "A", 40, CONTROL_VALUES), *arm("values", "B", 40, TREATED_VALUES)]
MIXED = [
    *arm("mixed", "A", 10, [1.0]),
    *arm("mixed", "B", 10, [1.0]),
    took_part("mixed", "B0", "conversion", 20, value=5, currency="USD"),
]
FIRST_SEEN = [
    took_part("first seen", "v", "conversion", 1),
    shown("first seen", "v", "B", 2),
    shown("first seen", "v", "A", 3),
    took_part("first seen", "v", "conversion", 4),
    took_part("first seen", "v", "conversion", 5),
    took_part("first seen", "never shown", "conversion", 5),
    shown("first seen", "w", "A", 3),
]
LOADS: list[Sequence[Event]] = [
    [*CLEAR, *CLOSE, *UNEVEN[::2], *CONTROL_BEST, *VALUES[::2], *MIXED, *FIRST_SEEN[2:]],
    [*UNEVEN[1::2], *VALUES[1::2], *FIRST_SEEN[:2]],
]


def bring_up_to_date(warehouse: Warehouse, *, full_refresh: bool = False) -> None:
    run(
        ["content"],
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


def variant(warehouse: Warehouse, experiment: str, name: str, columns: str) -> tuple[Any, ...]:
    only = f"experiments where experiment_id = '{experiment}' and variant = '{name}'"
    (row,) = mart(warehouse, only, columns)
    return row


def test_a_participant_belongs_to_the_variant_first_seen(built: Warehouse) -> None:
    columns = "participants, converted, conversions, conversion_rate"
    assert variant(built, "first seen", "B", columns) == (1, 1, 2, 100)
    assert variant(built, "first seen", "A", columns) == (1, 0, 0, 0)


def test_the_difference_has_the_interval_and_p_value_of_the_z_test(built: Warehouse) -> None:
    columns = "is_control, conversion_rate, difference, difference_low, difference_high, p_value"
    assert variant(built, "close", "A", columns) == (True, 10, None, None, None, None)
    is_control, rate, difference, low, high, p_value = variant(built, "close", "B", columns)
    assert (is_control, rate, difference) == (False, 12, 2)
    error = 100 * np.sqrt(0.1 * 0.9 / 100 + 0.12 * 0.88 / 100)
    z = stats.norm.ppf(0.975)
    assert (float(low), float(high)) == pytest.approx((2 - z * error, 2 + z * error), abs=1e-4)
    pooled = np.sqrt(0.11 * 0.89 * 2 / 100)
    assert float(p_value) == pytest.approx(2 * stats.norm.sf(0.02 / pooled), abs=1e-6)


def test_values_are_compared_by_welchs_t(built: Warehouse) -> None:
    columns = (
        "value_per_participant, value_currency, value_difference, value_difference_low,"
        " value_difference_high, value_p_value"
    )
    mean, currency, difference, low, high, p_value = variant(built, "values", "B", columns)
    control = CONTROL_VALUES + [0] * (40 - len(CONTROL_VALUES))
    treated = TREATED_VALUES + [0] * (40 - len(TREATED_VALUES))
    expected = stats.ttest_ind(treated, control, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert currency == "EUR"
    assert float(mean) == pytest.approx(np.mean(treated), abs=1e-6)
    assert float(difference) == pytest.approx(np.mean(treated) - np.mean(control), abs=1e-6)
    assert float(p_value) == pytest.approx(expected.pvalue, abs=1e-6)
    assert (float(low), float(high)) == pytest.approx((interval.low, interval.high), abs=1e-5)


def test_values_in_two_currencies_are_not_compared(built: Warehouse) -> None:
    columns = "conversions, value_per_participant, value_currency, value_difference, value_p_value"
    assert variant(built, "mixed", "B", columns) == (2, None, None, None, None)


def test_a_clear_difference_has_a_winner(built: Warehouse) -> None:
    assert variant(built, "clear", "B", "is_sample_sound, is_winner") == (True, True)
    assert variant(built, "clear", "A", "is_winner") == (False,)


def test_the_control_wins_where_it_is_better(built: Warehouse) -> None:
    columns = "is_control, is_winner"
    assert variant(built, "control best", "old", columns) == (True, True)
    assert variant(built, "control best", "new", columns) == (False, False)


def test_a_difference_that_may_be_chance_has_no_winner(built: Warehouse) -> None:
    assert variant(built, "close", "B", "is_sample_sound, is_winner") == (True, False)
    assert variant(built, "close", "A", "is_winner") == (False,)


def test_a_sample_ratio_mismatch_names_no_winner(built: Warehouse) -> None:
    p_value, is_sound, is_winner, difference_p = variant(
        built, "uneven", "B", "sample_ratio_p_value, is_sample_sound, is_winner, p_value"
    )
    assert float(p_value) == pytest.approx(stats.chisquare([300, 200]).pvalue, abs=1e-6)
    assert difference_p < Decimal("0.001")
    assert (is_sound, is_winner) == (False, False)


def test_the_sequential_interval_holds_the_plain_one(built: Warehouse) -> None:
    columns = "sequential_low, difference_low, difference_high, sequential_high"
    bounds = variant(built, "clear", "B", columns)
    assert list(bounds) == sorted(bounds)
    assert bounds[0] < bounds[1]


def test_what_arrives_late_equals_a_full_refresh(built: Warehouse) -> None:
    names = ("experiments", "milestones", "entity_engagement", "page_heatmap")
    incremental = {name: sorted(mart(built, name), key=repr) for name in names}
    bring_up_to_date(built, full_refresh=True)
    assert incremental == {name: sorted(mart(built, name), key=repr) for name in names}
