"""A year of simulated events, landed by COPY as ingestion would have landed them."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from psycopg import Connection, sql

from ingestion.plan import read_plan
from ingestion.simulator import simulated_events
from ingestion.simulator.world import visitors_of
from warehouse.connections import connect

Notify = Callable[[int, int], None]

_DAYS = 365
_EVENTS_PER_LOAD = 10_000
_COLUMNS = (
    "event_id", "visitor_id", "source", "category", "event_type", "user_id", "anonymous_id",
    "session_id", "entity_type", "entity_id", "value", "currency", "quantity", "occurred_at",
    "received_at", "load_id", "context", "properties",
)  # fmt: skip


class History:
    """A shop with communities: a year of it, and what happens there on the day after."""

    def __init__(self, owner: str, events: int, today: dt.date) -> None:
        """Describe it.

        Args:
            owner: DSN of the warehouse's owner.
            events: How many events the year before today has.
            today: The day after it.
        """
        self._owner = owner
        self._events = events
        self._end = dt.datetime.combine(today, dt.time(), dt.UTC)
        self._entity_types = {
            (category, name): kind.entity_type
            for category, spec in read_plan().items()
            for name, kind in spec.event_types.items()
        }

    def land(self, notify: Notify = lambda done, total: None) -> None:
        """Land the year, each event on its day, and bring Postgres' statistics up to date.

        Args:
            notify: Told how many events have landed, and how many there are.
        """
        start = self._end - dt.timedelta(days=_DAYS)
        events = simulated_events(1, self._events, start, self._end)
        with connect(self._owner, autocommit=True) as connection:
            self._make_partitions(connection, start.date())
            done = 0
            while batch := list(itertools.islice(events, _EVENTS_PER_LOAD)):
                received_at = dt.datetime.fromisoformat(batch[-1]["occurred_at"])
                self._land(connection, batch, received_at)
                done += len(batch)
                notify(done, self._events)
            connection.execute("vacuum (analyze) raw.events, raw.loads, raw.event_ids")

    def land_today(self, events: int, *, seed: int, late: float = 0) -> None:
        """Land events of today, by visitors who came before.

        Args:
            events: How many.
            seed: Seed of all chance, and of the events' ids; not 1.
            late: Share of the events that happened on some day of the year before, 0 to 1.
        """
        end = self._end + dt.timedelta(days=1)
        made = simulated_events(seed, events, self._end, end, visitors_of(self._events))
        random = Random(seed)  # noqa: S311 - chance that must be foreseeable
        with connect(self._owner, autocommit=True) as connection:
            batch = [_earlier(event, random) if random.random() < late else event for event in made]
            self._land(connection, batch, end)

    def _land(
        self,
        connection: Connection[Any],
        rows: Sequence[dict[str, Any]],
        received_at: dt.datetime,
    ) -> None:
        with connection.transaction():
            row = connection.execute(
                "insert into raw.loads (received_at, origin, received, stored, duplicate,"
                " quarantined, suppressed, first_received_at, last_received_at)"
                " values (%(at)s, 'http', %(n)s, %(n)s, 0, 0, 0, %(at)s, %(at)s) returning load_id",
                {"at": received_at, "n": len(rows)},
            ).fetchone()
            assert row is not None
            cursor = connection.cursor()
            with cursor.copy("copy raw.event_ids (event_id, load_id) from stdin") as copy:
                copy.write("".join(f"{event['event_id']}\t{row[0]}\n" for event in rows))
            with cursor.copy(
                f"copy raw.events ({', '.join(_COLUMNS)}) from stdin".encode()
            ) as copy:
                after = f"{received_at.isoformat()}\t{row[0]}"
                copy.write("".join(self._line(event, after) for event in rows))

    def _line(self, event: dict[str, Any], received: str) -> str:
        """Return an event as COPY reads it; nothing in it would have to be escaped."""
        get = event.get
        kind = (event["category"], event["event_type"])
        values = (
            event["event_id"],
            get("user_id") or event["anonymous_id"],
            "bench",
            *kind,
            get("user_id"),
            event["anonymous_id"],
            event["session_id"],
            get("entity_type") or self._entity_types[kind],
            get("entity_id"),
            get("value"),
            get("currency"),
            get("quantity"),
            event["occurred_at"],
        )
        texts = "\t".join("\\N" if value is None else str(value) for value in values)
        context, properties = json.dumps(event["context"]), json.dumps(get("properties") or {})
        return f"{texts}\t{received}\t{context}\t{properties}\n"

    @staticmethod
    def _make_partitions(connection: Connection[Any], first: dt.date) -> None:
        """Make the partitions of the year; ingestion has those from yesterday on alone."""
        for number in range(_DAYS + 1):
            day = first + dt.timedelta(days=number)
            connection.execute(
                sql.SQL(
                    "create table if not exists {} partition of raw.events"
                    " for values from ({}) to ({})"
                ).format(
                    sql.Identifier("raw", f"events_{day:%Y%m%d}"),
                    sql.Literal(f"{day} 00:00Z"),
                    sql.Literal(f"{day + dt.timedelta(days=1)} 00:00Z"),
                )
            )


def _earlier(event: dict[str, Any], random: Random) -> dict[str, Any]:
    moment = dt.datetime.fromisoformat(event["occurred_at"])
    moment -= dt.timedelta(days=random.randrange(1, _DAYS))
    return {**event, "occurred_at": moment.isoformat()}
