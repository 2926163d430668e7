"""Whose events count together against the rate limit, and of what a sender is told."""

from __future__ import annotations

import pytest

from ingestion.allowances import Allowances
from ingestion.answers import RefusedError
from ingestion.sender import ANONYMOUS, TOKEN, Sender
from warehouse.settings import Settings
from warehouse.tokens import INGEST

HERE, THERE = "198.51.100.7", "198.51.100.8"
SHOP = Sender("shop", "shop")
ANYBODY = Sender(ANONYMOUS, "web", frozenset())


def person(subject: str) -> Sender:
    return Sender(TOKEN, "jwt", frozenset(), subject, account=f"{TOKEN} {subject}")


def service(subject: str) -> Sender:
    return Sender(TOKEN, "jwt", frozenset({INGEST}), account=f"{TOKEN} {subject}")


def limits(events: int = 10, requests: int = 5) -> Allowances:
    return Allowances(
        Settings(_env_file=None, rate_limit_key_events=events, rate_limit_client_requests=requests)
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((SHOP, HERE), (Sender("blog", "shop"), HERE)),
        ((person("u-1"), HERE), (person("u-2"), HERE)),
        ((service("orders"), HERE), (service("mails"), HERE)),
        ((ANYBODY, HERE), (ANYBODY, THERE)),
    ],
    ids=["keys", "persons", "services", "addresses without a key"],
)
def test_one_does_not_use_up_what_another_may_send(
    first: tuple[Sender, str], second: tuple[Sender, str]
) -> None:
    allowances = limits()
    allowances.charge_events(*first, 10)
    with pytest.raises(RefusedError) as error:
        allowances.charge_events(*first, 1)
    assert (error.value.status, error.value.code) == (429, "rate_limited")
    allowances.charge_events(*second, 10)


@pytest.mark.parametrize("sender", [SHOP, person("u-1"), service("orders")])
def test_one_key_or_person_is_one_wherever_it_sends_from(sender: Sender) -> None:
    allowances = limits()
    allowances.charge_events(sender, HERE, 10)
    with pytest.raises(RefusedError):
        allowances.charge_events(sender, THERE, 1)


def test_who_has_a_secret_is_told_of_its_events_and_others_of_their_requests() -> None:
    allowances = limits(events=10, requests=5)
    assert dict(allowances.charge_events(SHOP, HERE, 3))[b"ratelimit-remaining"] == b"7"
    allowances.charge_request(HERE)
    assert dict(allowances.charge_events(ANYBODY, HERE, 3))[b"ratelimit-remaining"] == b"4"


def test_more_events_than_a_minute_allows_are_refused_for_good() -> None:
    with pytest.raises(RefusedError) as error:
        limits(events=10).charge_events(SHOP, HERE, 11)
    assert (error.value.status, error.value.code) == (413, "batch_too_large")
    assert "retry-after" not in error.value.headers


def test_without_limits_nothing_is_refused_and_nothing_told() -> None:
    allowances = limits(events=0, requests=0)
    for _ in range(100):
        allowances.charge_request(HERE)
        assert not allowances.charge_events(ANYBODY, HERE, 1_000_000)
