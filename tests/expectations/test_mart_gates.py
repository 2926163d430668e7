"""The gates for candidates: each defect of a mart keeps it from being published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from expectations.gate import check_candidates
from expectations.results import GateResult
from expectations.suites import Horizon, by_domain
from tests.conftest import Warehouse
from tests.expectations import cases
from tests.expectations.candidates import build, change, contract, is_number, rebuild
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import Settings

RUN = 11
pytestmark = pytest.mark.usefixtures("without_pages")
DOMAINS = cases.by_domain()
MARTS = {mart: domain for domain, given in DOMAINS.items() for mart in given.rows}
DEFECTS = [case for given in DOMAINS.values() for case in given.defects]
ODDITIES = [case for given in DOMAINS.values() for case in given.oddities]
DAYS = DOMAINS["daily"].rows["daily_analytics"]


@pytest.fixture(autouse=True)
def _good_candidates(warehouse: Warehouse) -> Iterator[None]:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        for mart, domain in MARTS.items():
            build(connection, domain, mart, DOMAINS[domain].rows[mart])
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


@pytest.mark.parametrize("domain", DOMAINS)
def test_good_candidates_pass(settings: Settings, domain: str) -> None:
    result = check_candidates(settings, domain, RUN)
    assert (result.failures, result.warnings) == ((), ())
    assert len(result.results) > 10


@pytest.mark.parametrize("mart", MARTS)
def test_a_candidate_without_rows_passes(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    change(warehouse, f"delete from marts_candidate.{mart}")
    result = check_candidates(settings, MARTS[mart], RUN)
    assert (result.failures, result.warnings) == ((), ())


@pytest.mark.parametrize("mart", MARTS)
def test_every_column_of_the_key_must_be_filled(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    domain = MARTS[mart]
    rebuild(warehouse, domain, mart, [dict.fromkeys(contract(domain, mart))])
    result = check_candidates(settings, domain, RUN)
    nulls = blocking_sentences(domain, settings, mart, "not_be_null")
    assert nulls
    assert nulls == without_figures(result)


@pytest.mark.parametrize("mart", MARTS)
def test_every_figure_that_cannot_be_negative_is_checked(
    warehouse: Warehouse, settings: Settings, mart: str
) -> None:
    domain = MARTS[mart]
    given = DOMAINS[domain]
    figures = {
        name: -1
        for name, type_ in contract(domain, mart).items()
        if is_number(type_) and name not in given.signed
    }
    rebuild(warehouse, domain, mart, [{**given.rows[mart][0], **figures}])

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


@pytest.mark.parametrize(("mart", "defect", "rules"), DEFECTS)
def test_defects_of_a_mart_keep_it_from_being_published(
    warehouse: Warehouse, settings: Settings, mart: str, defect: str, rules: Sequence[str]
) -> None:
    change(warehouse, f"update marts_candidate.{mart} set {defect}")
    result = check_candidates(settings, MARTS[mart], RUN)
    assert not result.passed
    for rule in rules:
        assert [failure for failure in result.failures if rule in failure], rule


@pytest.mark.parametrize(("mart", "oddity", "rules"), ODDITIES)
def test_oddities_of_a_mart_warn_and_pass(
    warehouse: Warehouse, settings: Settings, mart: str, oddity: str, rules: Sequence[str]
) -> None:
    change(warehouse, f"update marts_candidate.{mart} set {oddity}")
    result = check_candidates(settings, MARTS[mart], RUN)
    assert result.passed
    for rule, warning in zip(rules, result.warnings, strict=True):
        assert rule in warning


CLAIMED = (
    "create table intermediate.int_claimed_events as"
    " select v as visitor_id, v like 'u%' as is_user, d::date as occurred_date, category,"
    " event_type, category as entity_type, entity_id"
    " from (values ('u1', '2024-06-03'), ('u1', '2024-06-03'), ('a1', '{day}')) as t (v, d)"
    " cross join (values ('{category}', '{event_type}', '{entity_id}'))"
    " as o (category, event_type, entity_id)"
)


def claim(
    warehouse: Warehouse,
    day: object,
    category: str = "user",
    event_type: str = "view",
    entity: str = "",
) -> None:
    """Let the latest core run have brought two events of user u1, and one of a1 on a day."""
    change(
        warehouse,
        CLAIMED.format(day=day, category=category, event_type=event_type, entity_id=entity),
    )


@pytest.mark.parametrize("domain", ["daily", "user"])
def test_candidates_that_count_the_latest_events_pass(
    warehouse: Warehouse, settings: Settings, domain: str
) -> None:
    claim(warehouse, cases.MONDAY)
    result = check_candidates(settings, domain, RUN)
    assert result.failures == ()
    assert [r for r in result.results if "of the latest core run" in r.sentence]


def test_a_day_that_lacks_new_events_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    claim(warehouse, "2024-06-30")
    result = check_candidates(settings, "daily", RUN)
    assert result.failures == (
        "daily.daily_analytics: expected that every event of the latest core run is counted"
        " on its day",
    )


def test_a_user_who_lacks_new_events_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    claim(warehouse, cases.MONDAY)
    change(warehouse, "delete from marts_candidate.user_analytics where user_id = 'u1'")
    result = check_candidates(settings, "user", RUN)
    assert result.failures == (
        "user.user_analytics: expected that every event of the latest core run is counted"
        " for its user",
    )


@pytest.mark.parametrize(
    ("domain", "claimed", "sentence"),
    [
        ("product", ("product", "view", "p1"), "is counted for its product on its day"),
        ("sales", ("order", "created", "o1"), "every order of the latest core run has a row"),
        ("community", ("community", "view", "c1"), "is counted on its day"),
        ("geo", ("geo", "attempt", "c1"), "every attempt of the latest core run is counted"),
    ],
)
def test_what_the_latest_run_brought_must_be_in_the_marts_of_its_domain(
    warehouse: Warehouse,
    settings: Settings,
    domain: str,
    claimed: tuple[str, str, str],
    sentence: str,
) -> None:
    claim(warehouse, cases.MONDAY, *claimed)
    assert check_candidates(settings, domain, RUN).failures == ()
    change(warehouse, "update intermediate.int_claimed_events set entity_id = 'missing'")
    [failure] = check_candidates(settings, domain, RUN).failures
    assert sentence in failure


@pytest.mark.parametrize(
    ("claimed", "mart", "sentence"),
    [
        ("api_request of endpoint", "endpoint_performance_hourly", "every request of the latest"),
        ("error of error", "errors_daily", "every error of the latest core run is counted"),
    ],
)
def test_requests_and_errors_of_the_latest_run_must_be_in_the_marts_of_systems(
    warehouse: Warehouse, settings: Settings, claimed: str, mart: str, sentence: str
) -> None:
    event_type, _, entity_type = claimed.partition(" of ")
    claim(warehouse, cases.MONDAY, "system", event_type, "/a")
    change(warehouse, f"update intermediate.int_claimed_events set entity_type = '{entity_type}'")
    change(warehouse, "update marts_candidate.errors_daily set error_count = 3 * error_count")
    assert check_candidates(settings, "system", RUN).failures == ()
    change(warehouse, f"delete from marts_candidate.{mart}")
    [failure] = check_candidates(settings, "system", RUN).failures
    assert sentence in failure


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
    assert "user.user_analytics" in {r.suite for r in result.results}
    assert "user.sessions" not in {r.suite for r in result.results}


def test_a_domain_without_a_suite_passes(settings: Settings) -> None:
    assert check_candidates(settings, "horticulture", RUN) == GateResult()


def test_a_candidate_that_lacks_a_column_is_not_published(
    warehouse: Warehouse, settings: Settings
) -> None:
    change(warehouse, "alter table marts_candidate.product_metrics drop column total_views")
    result = check_candidates(settings, "product", RUN)
    assert not result.passed
    assert "product.product_metrics: not checked whether total_views" in result.failures[0]
