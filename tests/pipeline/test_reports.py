"""Reports hold what the marts hold, in three forms, and are kept where people find them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.reports.archive import (
    UnknownReportError,
    generate,
    list_reports,
    read_report,
)
from pipeline.runs import run
from stack.postgres import EmbeddedPostgres
from tests.conftest import Warehouse, new_warehouse
from tests.pipeline.conftest import GivenGates, fresh_warehouse, settings_for
from tests.rows import land
from warehouse.connections import connect
from warehouse.roles import Role

NOON = datetime(2024, 6, 3, 12, tzinfo=UTC)
LAST = date(2024, 6, 10)
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def warehouse(postgres: EmbeddedPostgres) -> Warehouse:
    """A fortnight of a small platform, built."""
    made = fresh_warehouse(postgres)
    land(
        made,
        [
            {"user_id": f"u{number}", "occurred_at": NOON + timedelta(days=day)}
            for day in range(8)
            for number in range(3 + day)
        ]
        + [
            {"category": "product", "event_type": "view", "entity_type": "product",
             "entity_id": "p1", "occurred_at": NOON, "properties": {"product_name": NASTY}},
            {"category": "order", "event_type": "created", "entity_type": "order",
             "entity_id": "o1", "occurred_at": NOON, "value": 30, "currency": "EUR"},
            {"category": "order", "event_type": "payment_completed", "entity_type": "order",
             "entity_id": "o1", "occurred_at": NOON, "value": 30, "currency": "EUR"},
            {"category": "system", "event_type": "error", "occurred_at": NOON,
             "properties": {"level": "error"}},
            {"category": "community", "event_type": "join", "entity_type": "community",
             "entity_id": "c1", "occurred_at": NOON},
            {"category": "community", "event_type": "view", "entity_type": "community",
             "entity_id": "c1", "occurred_at": NOON + timedelta(hours=1)},
            {"category": "community", "event_type": "view", "entity_type": "community",
             "entity_id": NASTY, "occurred_at": NOON + timedelta(days=1)},
        ]
        + [
            {"category": "geo", "event_type": result, "entity_type": "community",
             "entity_id": "c1", "occurred_at": NOON,
             "context": {"country": "France", "city": "Paris"}}
            for result in ("city_blocked", "city_allowed", "city_allowed", "city_allowed")
        ],
    )  # fmt: skip
    settings = settings_for(made)
    run(["all"], settings=settings, trigger="test", gates=GivenGates()).raise_for_state()
    return made


def forms(warehouse: Warehouse, kind: str, subject: str = "") -> dict[str, str]:
    """Generate the reports of a kind, and return one in each form."""
    entries = generate(kind, settings_for(warehouse), last_day=LAST)
    [chosen] = [entry for entry in entries if entry.subject == subject]
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        return {
            "html": read_report(connection, chosen.report_id, "html"),
            "json": read_report(connection, chosen.report_id, "json"),
            "csv": read_report(connection, chosen.report_id, "csv"),
        }


def figure(text: str, section: str, of: str, name: str) -> str:
    """Return a figure of a report in CSV."""
    [value] = [
        row["value"]
        for row in csv.DictReader(io.StringIO(text))
        if (row["section"], row["of"], row["figure"]) == (section, of, name)
    ]
    return value


def test_the_platform_report_holds_the_days_figures_in_all_forms(warehouse: Warehouse) -> None:
    found = forms(warehouse, "platform")
    data = json.loads(found["json"])
    assert (data["first_day"], data["last_day"]) == ("2024-05-12", "2024-06-10")
    assert data["headlines"]["active_users"] == {"value": 10, "before": 4}
    assert data["sections"]["people"][-1]["active_users"] == 10
    assert data["sections"]["sales"][0]["currency"] == "EUR"
    assert figure(found["csv"], "people", "2024-06-10", "active_users") == "10"
    assert figure(found["csv"], "sales", "2024-06-03/EUR", "orders") == "1"
    assert "+150 % in a week" in found["html"]
    assert "People" in found["html"]


def test_a_report_names_no_place_on_the_internet_and_runs_no_text_of_senders(
    warehouse: Warehouse,
) -> None:
    page = forms(warehouse, "platform")["html"]
    assert "http" not in page.replace("http-equiv", "")
    assert NASTY not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u003cscript\\u003ealert(1)" in page


def test_there_is_a_report_for_each_community(warehouse: Warehouse) -> None:
    found = forms(warehouse, "community", "c1")
    data = json.loads(found["json"])
    assert data["headlines"]["unique_visitors"]["value"] == 1
    assert data["headlines"]["total_views"]["value"] == 1
    assert data["sections"]["pattern"][0] == {"weekday": 1, "hour_of_day": 12, "events": 1}
    nasty = forms(warehouse, "community", NASTY)["html"]
    assert f"Community {NASTY}" not in nasty


def test_the_geo_report_says_how_well_restrictions_hold(warehouse: Warehouse) -> None:
    data = json.loads(forms(warehouse, "geo")["json"])
    assert data["headlines"]["effectiveness_percentage"]["value"] == 25
    assert data["sections"]["cities"] == [
        {"place": "Paris, France", "attempts": 4, "blocked": 1, "bypassed": 0, "travelers": 0}
    ]


def test_the_archive_lists_each_period_once(warehouse: Warehouse) -> None:
    settings = settings_for(warehouse)
    for _ in range(2):
        generate("platform", settings, last_day=LAST)
    generate("platform", settings, last_day=LAST - timedelta(days=1))
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        listed = list_reports(connection, kind="platform")
    assert [entry.last_day for entry in listed] == [LAST, LAST - timedelta(days=1)]


def test_without_figures_there_is_no_report(
    warehouse: Warehouse, postgres: EmbeddedPostgres
) -> None:
    assert generate("platform", settings_for(warehouse), last_day=date(2020, 1, 1)) == []
    assert generate("platform", settings_for(new_warehouse(postgres))) == []


def test_what_is_not_there_is_said_so(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownReportError, match="unknown report geography: choose from platform"):
        generate("geography", settings_for(warehouse))
    with (
        connect(warehouse.dsn(Role.TRANSFORM)) as connection,
        pytest.raises(UnknownReportError, match="there is no report 999"),
    ):
        read_report(connection, 999, "html")
