"""The outbox: everybody is told of every alert once, whatever a channel does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from pipeline.alerts import acknowledge_alert, open_alerts, raise_alert, resolve_alert
from pipeline.channels import WrongChannelError, open_channels
from pipeline.notifications import Delivery, deliver_notifications, pending_notifications
from tests.conftest import Warehouse
from tests.pipeline.conftest import settings_for
from tests.pipeline.receivers import Mailbox, Webhook, mail_server, webhook
from warehouse.connections import Connection, connect
from warehouse.roles import Role
from warehouse.settings import Settings

NOBODY = "json://127.0.0.1:9/nobody-listens-here"


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    with connect(module_warehouse.dsn(Role.OWNER)) as connection:
        connection.execute("truncate ops.alerts, ops.notifications, ops.deliveries")
    return module_warehouse


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    with connect(warehouse.dsn(Role.TRANSFORM), autocommit=True) as connection:
        yield connection


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def told_by(warehouse: Warehouse, *urls: str) -> Settings:
    return settings_for(warehouse).model_copy(update={"alert_channels": SecretStr(" ".join(urls))})


def let_all_be_due(connection: Connection) -> None:
    """Let the pauses after failed attempts be over."""
    connection.execute("update ops.deliveries set next_attempt_at = now()")


def test_an_alert_is_told_over_http_and_by_mail_once(
    warehouse: Warehouse, connection: Connection, hook: Webhook, mailbox: Mailbox
) -> None:
    settings = told_by(warehouse, hook.url, mailbox.url)
    raise_alert(connection, "run:core", "critical", "core failed: no such column")

    deliver_notifications(settings)
    assert deliver_notifications(settings) == []

    [body] = hook.bodies
    assert body["title"] == "Footfall: run:core opened (critical)"
    assert "core failed: no such column" in body["message"]
    assert "`footfall run` tries again" in body["message"]
    [message] = mailbox.messages
    assert message["subject"] == "Footfall: run:core opened (critical)"
    assert message["to"] == "ops@shop.example"
    assert "core failed: no such column" in message.as_string()


def test_what_is_seen_again_is_not_told_again(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    for _ in range(5):
        raise_alert(connection, "run:core", "critical", "core failed")
        deliver_notifications(told_by(warehouse, hook.url))
    assert len(hook.bodies) == 1


def test_each_change_of_an_alert_is_told(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    settings = told_by(warehouse, hook.url)
    raise_alert(connection, "gate:daily", "warning", "odd")
    deliver_notifications(settings)
    raise_alert(connection, "gate:daily", "critical", "worse")
    deliver_notifications(settings)
    acknowledge_alert(connection, "gate:daily", by="ada")
    deliver_notifications(settings)
    resolve_alert(connection, "gate:daily")
    deliver_notifications(settings)
    assert [body["title"] for body in hook.bodies] == [
        "Footfall: gate:daily opened (warning)",
        "Footfall: gate:daily worsened (critical)",
        "Footfall: gate:daily acknowledged (critical)",
        "Footfall: gate:daily resolved (critical)",
    ]
    assert [body["type"] for body in hook.bodies] == ["failure", "failure", "success", "success"]


def test_many_alerts_at_once_are_one_message(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    for domain in ("daily", "user", "product"):
        raise_alert(connection, f"run:{domain}", "critical", f"{domain} failed")
    resolve_alert(connection, "run:user")
    deliver_notifications(told_by(warehouse, hook.url))
    [body] = hook.bodies
    assert body["title"] == "Footfall: 3 opened, 1 resolved"
    assert all(f"{domain} failed" in body["message"] for domain in ("daily", "user", "product"))


def test_an_alert_that_is_rolled_back_is_not_told(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    with connect(warehouse.dsn(Role.TRANSFORM)) as doomed:
        raise_alert(doomed, "run:core", "critical", "core failed")
        doomed.rollback()
    assert deliver_notifications(told_by(warehouse, hook.url)) == []
    assert hook.bodies == []


def test_a_failing_channel_loses_nothing_and_delays_no_other(
    warehouse: Warehouse, connection: Connection, hook: Webhook, mailbox: Mailbox
) -> None:
    settings = told_by(warehouse, hook.url, mailbox.url)
    hook.status = 503
    raise_alert(connection, "run:core", "critical", "core failed")

    first, second = deliver_notifications(settings)

    assert first.error is not None
    assert "503" in first.error
    assert second == Delivery(second.channel, 1, None)
    assert len(mailbox.messages) == 1
    hook.status = 200
    assert deliver_notifications(settings) == []  # it pauses
    let_all_be_due(connection)
    deliver_notifications(settings)
    assert [body["title"] for body in hook.bodies] == ["Footfall: run:core opened (critical)"]
    assert pending_notifications(connection) == 0


def test_a_channel_that_is_slow_or_away_delays_no_other(
    warehouse: Warehouse, connection: Connection, hook: Webhook, mailbox: Mailbox
) -> None:
    hook.seconds = 3
    raise_alert(connection, "run:core", "critical", "core failed")
    taken_after = []

    class Watch(list):  # type: ignore[type-arg]
        def append(self, message: object) -> None:
            taken_after.append(time.monotonic() - began)

    mailbox.messages = Watch()
    began = time.monotonic()
    deliveries = deliver_notifications(told_by(warehouse, NOBODY, hook.url + "?rto=1", mailbox.url))
    assert [delivery.error is None for delivery in deliveries] == [False, False, True]
    assert taken_after[0] < 3


def test_the_pauses_between_attempts_double_up_to_an_hour(
    warehouse: Warehouse, connection: Connection
) -> None:
    settings = told_by(warehouse, NOBODY)
    raise_alert(connection, "run:core", "critical", "core failed")
    pauses = []
    for _ in range(8):
        deliver_notifications(settings)
        row = connection.execute(
            "select extract(epoch from next_attempt_at - now()) / 60 from ops.deliveries"
            " order by notification_id"
        ).fetchone()
        assert row is not None
        pauses.append(round(float(row[0])))
        let_all_be_due(connection)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_channel_that_keeps_failing_is_an_alert_of_its_own_until_it_works(
    warehouse: Warehouse, connection: Connection, hook: Webhook, mailbox: Mailbox
) -> None:
    settings = told_by(warehouse, hook.url, mailbox.url)
    hook.status = 500
    raise_alert(connection, "run:core", "critical", "core failed")
    for _ in range(3):
        deliver_notifications(settings)
        let_all_be_due(connection)
    alert = next(alert for alert in open_alerts(connection) if alert.severity == "warning")
    assert alert.condition.startswith("channel:json://")
    assert "has taken no alert since" in alert.summary

    deliver_notifications(settings)
    assert "channel:json://" in mailbox.messages[-1]["subject"]
    hook.status = 200
    let_all_be_due(connection)
    deliver_notifications(settings)
    assert [alert.condition for alert in open_alerts(connection)] == ["run:core"]
    assert len(hook.bodies) == 1


def test_two_who_deliver_at_once_send_nothing_twice(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    settings = told_by(warehouse, hook.url)
    hook.seconds = 0.3
    raise_alert(connection, "run:core", "critical", "core failed")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: deliver_notifications(settings), range(3)))
    assert len(hook.bodies) == 1


def test_secrets_of_a_channel_are_written_nowhere(
    warehouse: Warehouse, connection: Connection, hook: Webhook
) -> None:
    hook.status = 500
    raise_alert(connection, "run:core", "critical", "core failed")
    for _ in range(3):
        deliver_notifications(told_by(warehouse, hook.url))
        let_all_be_due(connection)
    rows = connection.execute(
        "select row_to_json(deliveries)::text from ops.deliveries"
        " union all select row_to_json(alerts)::text from ops.alerts"
    ).fetchall()
    assert len(rows) == 3
    assert not [row for row in rows if "secret-word" in row[0]]


def test_a_url_that_is_none_is_named_without_its_secrets(warehouse: Warehouse) -> None:
    with pytest.raises(WrongChannelError) as refused:
        open_channels(told_by(warehouse, NOBODY, "carrier-pigeon://coop/secret-word"))
    assert "URL 2 of 2 (carrier-pigeon://…)" in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_without_channels_alerts_are_in_the_table_alone(
    warehouse: Warehouse, connection: Connection
) -> None:
    raise_alert(connection, "run:core", "critical", "core failed")
    assert deliver_notifications(settings_for(warehouse)) == []
    assert deliver_notifications(settings_for(warehouse)) == []
    assert pending_notifications(connection) == 0
    assert len(open_alerts(connection)) == 1
