"""The outbox of alerts: written with an alert's change, delivered later, channel by channel.

What a run of :func:`deliver_notifications` finds for a channel goes out as one message, so that
many alerts at once are no storm. What a channel does not take stays, is tried again ever later, and
delays no other channel. A message is sent at least once: twice, where the process dies between the
channel's yes and our note of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from psycopg.rows import class_row

from pipeline.alerts import Change, raise_alert, resolve_alert
from pipeline.conditions import condition_of
from pipeline.locks import LockTimeoutError, lock
from warehouse.connections import Connection, connect
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pipeline.channels import Channel

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
BROKEN_AFTER_ATTEMPTS = 3
MOST_IN_A_MESSAGE = 50
_GOOD_NEWS = ("resolved", "acknowledged")


class Delivery(NamedTuple):
    """What became of a channel's messages in a run.

    Attributes:
        channel: Its name: its URL without secrets.
        notifications: How many changes of alerts were due.
        error: Why they were not delivered; None where they were.
    """

    channel: str
    notifications: int
    error: str | None


class _Notice(NamedTuple):
    notification_id: int
    change: Change
    severity: str
    condition: str
    summary: str
    created_at: datetime


def deliver_notifications(settings: Settings) -> list[Delivery]:
    """Send what is due to every channel of the setting ``alert_channels``.

    Channels are served side by side, each with a connection of its own. A channel that fails three
    times in a row becomes an alert itself, which the others tell of.

    Args:
        settings: Of this process.

    Returns:
        What was due, by channel.

    Raises:
        WrongChannelError: A URL is none that Apprise knows.
        psycopg.OperationalError: Postgres is away.
    """
    dsn = settings.require("transform_dsn")
    with connect(dsn, name="footfall notifications") as connection:
        if not _is_anything_due(connection):
            return []
    from pipeline.channels import open_channels

    channels = open_channels(settings)
    with connect(dsn, name="footfall notifications") as connection:
        _address(connection, [channel.name for channel in channels])
    if not channels:
        return []
    with ThreadPoolExecutor(len(channels)) as pool:
        return [
            delivery
            for delivery in pool.map(lambda channel: _deliver(dsn, channel), channels)
            if delivery.notifications
        ]


def pending_notifications(connection: Connection) -> int:
    """Return how many changes of alerts wait to be sent to some channel."""
    row = connection.execute(
        "select count(*) from ops.deliveries where delivered_at is null"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _is_anything_due(connection: Connection) -> bool:
    row = connection.execute(
        "select exists (select from ops.notifications where addressed_at is null)"
        " or exists (select from ops.deliveries"
        " where delivered_at is null and next_attempt_at <= now())"
    ).fetchone()
    return row == (True,)


def _address(connection: Connection, channels: Sequence[str]) -> None:
    """Decide to which channels new changes go: those that there are now."""
    connection.execute(
        """
        with addressed as (
            update ops.notifications set addressed_at = now() where addressed_at is null
            returning notification_id
        )
        insert into ops.deliveries (notification_id, channel)
        select addressed.notification_id, channel.name
        from addressed cross join unnest(%s::text[]) as channel (name)
        on conflict do nothing
        """,
        (list(channels),),
    )


def _deliver(dsn: str, channel: Channel) -> Delivery:
    try:
        # two who deliver at once would send everything twice
        with lock(dsn, f"channel {channel.name}", timeout=0):
            return _deliver_due(dsn, channel)
    except LockTimeoutError:
        return Delivery(channel.name, 0, None)


def _deliver_due(dsn: str, channel: Channel) -> Delivery:
    with connect(dsn, autocommit=True, name="footfall notifications") as connection:
        due = _due(connection, channel.name)
        if not due:
            return Delivery(channel.name, 0, None)
        title, body = compose(due)
        is_bad_news = any(notice.change not in _GOOD_NEWS for notice in due)
        try:
            error = channel.send(title, body, is_bad_news=is_bad_news)
        except Exception as problem:  # whatever a service's code raises is that channel's alone
            error = type(problem).__name__
        with connection.transaction():
            _note(connection, channel.name, due, error)
        return Delivery(channel.name, len(due), error)


def _due(connection: Connection, channel: str) -> list[_Notice]:
    # after one that waits for its next attempt, none goes out of turn
    with connection.cursor(row_factory=class_row(_Notice)) as cursor:
        return cursor.execute(
            """
            select notification_id, change, severity, condition, summary, created_at
            from ops.notifications
            where notification_id in (
                select notification_id from ops.deliveries
                where delivered_at is null and channel = %(channel)s
                    and not exists (
                        select from ops.deliveries as waiting
                        where waiting.delivered_at is null and waiting.channel = %(channel)s
                            and waiting.next_attempt_at > now()
                    )
                order by notification_id limit %(most)s
            )
            order by notification_id
            """,
            {"channel": channel, "most": MOST_IN_A_MESSAGE},
        ).fetchall()


def _note(connection: Connection, channel: str, due: Sequence[_Notice], error: str | None) -> None:
    ids = [notice.notification_id for notice in due]
    condition = f"channel:{channel}"
    if error is None:
        connection.execute(
            "update ops.deliveries set delivered_at = clock_timestamp(), attempts = attempts + 1,"
            " failing_since = null, last_error = null"
            " where channel = %s and notification_id = any(%s)",
            (channel, ids),
        )
        resolve_alert(connection, condition)
        return
    row = connection.execute(
        """
        with tried as (
            update ops.deliveries set
                attempts = attempts + 1,
                failing_since = coalesce(failing_since, now()),
                last_error = %(error)s,
                next_attempt_at = clock_timestamp()
                    + least(%(first)s * power(2, least(attempts, 20)), %(longest)s)
            where channel = %(channel)s and notification_id = any(%(ids)s)
            returning attempts, failing_since
        )
        select max(attempts), min(failing_since) from tried
        """,
        {
            "error": error[:1000],
            "first": FIRST_PAUSE,
            "longest": LONGEST_PAUSE,
            "channel": channel,
            "ids": ids,
        },
    ).fetchone()
    assert row is not None
    attempts, since = row
    if attempts >= BROKEN_AFTER_ATTEMPTS:
        raise_alert(
            connection,
            condition,
            "warning",
            f"{channel} has taken no alert since {since:%Y-%m-%d %H:%M} UTC: {error}",
            {"attempts": attempts},
        )


def compose(notices: Sequence[_Notice]) -> tuple[str, str]:
    """Return title and body of a message.

    Args:
        notices: What is told, the oldest first; at least one.
    """
    first = notices[0]
    if len(notices) == 1:
        title = f"Footfall: {first.condition} {first.change} ({first.severity})"
    else:
        changes = [notice.change for notice in notices]
        title = "Footfall: " + ", ".join(
            f"{changes.count(change)} {change}" for change in dict.fromkeys(changes)
        )
    return title, "\n\n".join(map(_paragraph, notices))


def _paragraph(notice: _Notice) -> str:
    lines = [
        f"{notice.condition} {notice.change} ({notice.severity}),"
        f" {notice.created_at:%Y-%m-%d %H:%M} UTC",
        notice.summary,
    ]
    if notice.change not in _GOOD_NEWS:
        condition = condition_of(notice.condition)
        lines += [condition.meaning, condition.remedy]
    return "\n".join(lines)
