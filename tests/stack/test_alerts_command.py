"""``footfall alerts``: what is wrong, what to do about it, and whether people would hear of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from pipeline.alerts import raise_alert, resolve_alert
from tests.conftest import Warehouse
from tests.pipeline.receivers import webhook
from warehouse.connections import connect
from warehouse.roles import Role
from warehouse.settings import load_settings

Run = Callable[..., str]


@pytest.fixture
def run(footfall: Run) -> Run:
    """Runs ``footfall alerts``."""
    return partial(footfall, "alerts")


@pytest.fixture
def _two_alerts(warehouse: Warehouse) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as connection:
        raise_alert(connection, "run:user", "critical", "user failed")
        resolve_alert(connection, "run:user")
        raise_alert(connection, "gate:raw", "critical", "3 loads are held", {"run_id": 7})


def test_where_nothing_is_wrong_it_says_so(run: Run) -> None:
    assert run("list") == "Nothing is wrong.\n"
    assert json.loads(run("list", "--json")) == []


@pytest.mark.usefixtures("_two_alerts")
def test_an_alert_is_listed_shown_and_taken_on(run: Run) -> None:
    assert "3 loads are held" in run("list")
    assert "user failed" not in run("list")
    assert "user failed" in run("list", "--resolved", "5")
    shown = run("show", "gate:raw")
    assert "their loads are held" in shown
    assert "footfall loads show" in shown
    assert "run_id: 7" in shown

    assert run("acknowledge", "gate:raw", "--by", "ada") == "gate:raw was taken on by ada.\n"
    assert run("acknowledge", "gate:raw", "--by", "bob") == "gate:raw was taken on by ada.\n"

    (alert,) = json.loads(run("list", "--json"))
    assert (alert["state"], alert["acknowledged_by"]) == ("acknowledged", "ada")
    assert json.loads(run("show", str(alert["alert_id"]), "--json"))["detail"] == {"run_id": 7}


@pytest.mark.usefixtures("_two_alerts")
def test_what_is_not_there_or_over_cannot_be_taken_on(run: Run) -> None:
    assert "FAILED" in run("show", "gate:daily")
    assert "There is no alert gate:daily" in run("acknowledge", "gate:daily")
    assert "is resolved" in run("acknowledge", "run:user")


def test_a_test_message_tells_which_channel_takes_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "set FOOTFALL_ALERT_CHANNELS" in run("test")
    with webhook() as hook, webhook() as broken:
        broken.status = 500
        monkeypatch.setenv("FOOTFALL_ALERT_CHANNELS", hook.url)
        load_settings.cache_clear()
        assert "taken" in run("test")
        monkeypatch.setenv("FOOTFALL_ALERT_CHANNELS", f"{hook.url} {broken.url}")
        load_settings.cache_clear()
        assert "NOT TAKEN: Failed to send JSON" in run("test")
        first, second = json.loads(run("test", "--json").removeprefix("FAILED "))
    assert (first["error"], len(hook.bodies)) == (None, 3)
    assert "error=500" in second["error"]


def test_the_figures_are_shown(run: Run) -> None:
    assert "events received in the last 15 minutes  0.0 a minute" in run("figures")
    assert json.loads(run("figures", "--json"))["failed_percent"] is None
