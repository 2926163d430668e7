"""Rate limits: what a minute allows, to each sender for itself."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ingestion.rates import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_allows_as_much_as_the_limit_and_then_tells_how_long_to_wait() -> None:
    clock = Clock()
    limit = RateLimit(6, clock=clock)
    taken = [limit.take("a") for _ in range(7)]
    assert [one.wait_seconds > 0 for one in taken] == [False] * 6 + [True]
    assert [one.remaining for one in taken] == [5, 4, 3, 2, 1, 0, 0]
    assert 5 <= taken[-1].wait_seconds <= 10
    assert taken[-1].headers() == {
        "ratelimit-limit": "6",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "60",
        "ratelimit-policy": "6;w=60",
    }
    clock.now += math.ceil(taken[-1].wait_seconds)
    assert limit.take("a").wait_seconds == 0


def test_what_is_used_comes_back_with_time() -> None:
    clock = Clock()
    limit = RateLimit(60, clock=clock)
    limit.take("a", 60)
    clock.now += 30
    assert limit.take("a", 31).wait_seconds > 0
    assert limit.take("a", 30).wait_seconds == 0


def test_each_sender_has_a_limit_of_its_own() -> None:
    limit = RateLimit(1, clock=Clock())
    assert limit.take("a").wait_seconds == limit.take("b").wait_seconds == 0
    assert limit.take("a").wait_seconds > 0


def test_what_is_refused_costs_nothing() -> None:
    limit = RateLimit(10, clock=Clock())
    limit.take("a", 5)
    assert limit.take("a", 6).wait_seconds > 0
    assert limit.take("a", 5).wait_seconds == 0


def test_who_asks_what_is_left_uses_nothing_of_it() -> None:
    limit = RateLimit(10, clock=Clock())
    assert limit.take("a", 0).remaining == 10
    limit.take("a", 4)
    assert limit.take("a", 0).remaining == 6
    assert limit.take("a", 0).remaining == 6


def test_more_than_the_limit_is_never_allowed() -> None:
    assert RateLimit(10, clock=Clock()).take("a", 11).wait_seconds == math.inf


def test_memory_is_bounded_and_those_who_used_most_are_remembered() -> None:
    limit = RateLimit(10, clock=Clock(), max_subjects=100)
    limit.take("greedy", 10)
    for number in range(1_000):
        limit.take(f"client {number}")
    assert len(limit._full_at) <= 100
    assert limit.take("greedy").wait_seconds > 0


@given(
    limit=st.integers(1, 10_000),
    asked=st.lists(st.tuples(st.integers(1, 2_000), st.floats(0, 30)), max_size=50),
)
def test_no_minute_ever_allows_more_than_twice_the_limit(
    limit: int, asked: list[tuple[int, float]]
) -> None:
    clock = Clock()
    rate = RateLimit(limit, clock=clock)
    allowed: list[tuple[float, int]] = []
    for amount, pause in asked:
        clock.now += pause
        if rate.take("a", amount).wait_seconds == 0:
            allowed.append((clock.now, amount))
    for start, _ in allowed:
        in_minute = sum(amount for at, amount in allowed if start <= at < start + 60)
        assert in_minute <= 2 * limit + 1
