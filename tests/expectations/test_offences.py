"""Of several loads only those are to blame that break an expectation, and their rows are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from expectations.gate import check_loads
from expectations.offences import breaks, offences
from expectations.suites.raw import event_rules, load_rules
from tests.conftest import Warehouse
from tests.expectations.test_raw_gate import GOOD_EVENTS, RUN, change, claim
from tests.rows import land
from warehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")
LATE = datetime.now(UTC) + timedelta(days=2)


def test_every_blocking_rule_can_be_laid_to_single_loads(settings: Settings) -> None:
    rules = (*event_rules(settings), *load_rules())
    assert [
        rule.sentence for rule in rules if rule.severity == "blocking" and not breaks(rule)
    ] == []


@pytest.mark.parametrize(
    ("barrier", "defect"),
    [
        ("alter column event_id drop not null", "event_id = null"),
        ("alter column visitor_id drop not null", "visitor_id = ' '"),
        ("alter column occurred_at drop not null", "occurred_at = null"),
        ("drop constraint ck_events_currency_is_iso_4217", "currency = 'eur'"),
        ("alter column source drop not null", "occurred_at = '1970-01-01'"),
        ("alter column source drop not null", "occurred_at = now() + interval '2 days'"),
        ("alter column source drop not null", "event_type = 'time_travel'"),
        ("alter column source drop not null", "value = 1e13"),
        ("alter column source drop not null", "quantity = 'NaN'"),
    ],
)
def test_sql_and_great_expectations_agree_on_what_breaks_a_rule(
    warehouse: Warehouse, settings: Settings, barrier: str, defect: str
) -> None:
    land(warehouse, GOOD_EVENTS)
    bad = land(warehouse, [*GOOD_EVENTS[:3], {"session_id": "bad"}, {"session_id": "bad"}])
    claim(warehouse)
    change(warehouse, f"alter table raw.events {barrier}")
    change(warehouse, f"update raw.events set {defect} where session_id = 'bad'")

    result = check_loads(settings, RUN)

    [failure] = [one for one in result.results if not one.is_success and one.severity == "blocking"]
    assert failure.unexpected_count == 2
    assert result.suspects == {bad: f"2 rows differ from: {failure.sentence}"}
    [offence] = offences(settings, bad)
    assert (offence.sentence, offence.rows, len(offence.examples)) == (failure.sentence, 2, 2)


def test_a_load_that_breaks_two_rules_says_both(warehouse: Warehouse, settings: Settings) -> None:
    bad = land(warehouse, [{"event_type": "rain", "occurred_at": LATE}, {"event_type": "snow"}])
    other = land(warehouse, [{"occurred_at": LATE}])
    land(warehouse, GOOD_EVENTS)
    claim(warehouse)

    suspects = check_loads(settings, RUN).suspects

    assert suspects is not None
    assert suspects.keys() == {bad, other}
    assert "1 rows differ from: no event happened more than" in suspects[bad]
    assert "2 rows differ from: every event is one of the catalogue" in suspects[bad]
    found = {
        offence.column: [one.found for one in offence.examples]
        for offence in offences(settings, bad)
    }
    assert sorted(found["event"], key=str) == ["user/rain", "user/snow"]


def test_a_load_without_its_events_is_to_blame_and_shows_none(
    warehouse: Warehouse, settings: Settings
) -> None:
    bad = land(warehouse, GOOD_EVENTS)
    land(warehouse, GOOD_EVENTS)
    claim(warehouse)
    change(warehouse, f"delete from raw.events where load_id = {bad} and session_id = 's1'")

    suspects = check_loads(settings, RUN).suspects

    assert suspects is not None
    assert suspects.keys() == {bad}
    assert [(one.rows, one.examples) for one in offences(settings, bad)] == [(1, ())]


def test_where_nothing_fails_nobody_is_to_blame(warehouse: Warehouse, settings: Settings) -> None:
    good = land(warehouse, GOOD_EVENTS)
    claim(warehouse)
    assert check_loads(settings, RUN).suspects is None
    assert offences(settings, good) == []
