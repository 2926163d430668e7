from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from ingestion.admission import Rules
from ingestion.catalogue import LiveCatalogue
from ingestion.dialects.canonical import DIALECT
from ingestion.event import Event
from ingestion.judgement import judge
from ingestion.privacy import Privacy
from ingestion.request import Request
from ingestion.routing import Route
from ingestion.sender import Sender
from ingestion.simulator import simulated_events
from stack.commands.simulate import simulate
from tests.conftest import Warehouse
from tests.servers import RunningIngestion
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings

END = dt.datetime(2024, 6, 7, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)


@pytest.fixture(scope="module")
def week() -> list[dict[str, Any]]:
    return list(simulated_events(1, 20_000, END - WEEK, END))


def test_a_seed_makes_the_same_events_again(week: list[dict[str, Any]]) -> None:
    assert list(simulated_events(1, 20_000, END - WEEK, END)) == week
    assert list(simulated_events(2, 20_000, END - WEEK, END)) != week


def test_events_of_two_seeds_share_neither_ids_nor_sessions(week: list[dict[str, Any]]) -> None:
    other = list(simulated_events(2, 1_000, END - WEEK, END))
    for name in ("event_id", "session_id"):
        assert not {event[name] for event in week} & {event[name] for event in other}


def test_there_are_exactly_as_many_events_as_asked_in_order_within_the_time(
    week: list[dict[str, Any]],
) -> None:
    times = [dt.datetime.fromisoformat(event["occurred_at"]) for event in week]
    assert len(week) == len({event["event_id"] for event in week}) == 20_000
    assert times == sorted(times)
    assert times[0] >= END - WEEK
    assert times[-1] < END


@pytest.mark.parametrize("events", [1, 7, 400])
@pytest.mark.parametrize("minutes", [1, 20, 1_440])
def test_few_events_and_little_time_are_no_trouble(events: int, minutes: int) -> None:
    made = list(simulated_events(1, events, END - dt.timedelta(minutes=minutes), END))
    assert len(made) == events


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="end must be later"):
        list(simulated_events(1, 10, END, END))


def test_the_catalogue_lets_every_event_in(week: list[dict[str, Any]]) -> None:
    rules = Rules.of(load_settings(), LiveCatalogue().current, Privacy(load_settings()))
    route = Route(DIALECT, DIALECT.endpoints[0], {})
    request = Request(Sender("test", "test"), {}, "")
    for event in week:
        assert isinstance(judge(route, msgspec.json.encode(event), request, rules, END), Event)


def test_nights_are_quieter_than_evenings(week: list[dict[str, Any]]) -> None:
    hours = Counter(event["occurred_at"][11:13] for event in week)
    assert sum(hours[hour] for hour in ("02", "03", "04")) * 5 < sum(
        hours[hour] for hour in ("18", "19", "20")
    )


def test_a_visitor_is_anonymous_until_the_log_in(week: list[dict[str, Any]]) -> None:
    names = ("login", "registration")
    first_login: dict[str, dict[str, Any]] = {}
    for event in week:
        if event["category"] == "user" and event["event_type"] in names:
            first_login.setdefault(event["session_id"], event)
    assert first_login
    for event in week:
        login = first_login.get(event["session_id"])
        is_known = login is not None and event["occurred_at"] >= login["occurred_at"]
        assert ("user_id" in event) == is_known


def test_an_order_takes_its_course(week: list[dict[str, Any]]) -> None:
    courses: dict[str, list[str]] = {}
    for event in week:
        if event["category"] == "order":
            courses.setdefault(event["entity_id"], []).append(event["event_type"])
    usual = ["created", "payment_started", "payment_completed", "confirmed", "shipped", "delivered"]
    assert usual in courses.values()
    assert all(course[0] == "created" for course in courses.values())
    assert {"payment_failed", "cancelled"} <= {name for one in courses.values() for name in one}


def test_the_command_sends_them_once(
    ingestion: RunningIngestion, landing_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_INGESTION_URL", ingestion.url)
    monkeypatch.setenv("FOOTFALL_WRITE_KEY", ingestion.write_key)
    load_settings.cache_clear()
    app = typer.Typer()
    app.command()(simulate)
    words = ["--events", "3000", "--seed", "5", "--until", "2024-06-07T12:00:00", "--json"]

    first, second = (json.loads(CliRunner().invoke(app, words).stdout) for _ in range(2))

    load_settings.cache_clear()
    assert (first["seed"], first["stored"]) == (5, 3_000)
    assert (second["stored"], second["duplicate"]) == (0, 3_000)
    with connect(landing_warehouse.dsn(Role.OWNER)) as connection:
        days = connection.execute(
            "select occurred_at::date::text, count(*) from raw.events group by 1 order by 1"
        ).fetchall()
    assert [day for day, _ in days] == ["2024-06-06", "2024-06-07"]
    assert sum(count for _, count in days) == 3_000


def test_a_time_that_is_none_is_refused_with_an_example() -> None:
    app = typer.Typer()
    app.command()(simulate)
    result = CliRunner().invoke(app, ["--until", "tomorrow"])
    assert result.exit_code == 1
    assert "2026-11-21T12:00:00Z" in str(result.exception)
