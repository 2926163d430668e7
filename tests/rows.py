"""Raw events without the HTTP API: what ingestion would have landed, put there by the owner."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from tests.conftest import Warehouse
from warehouse.connections import Connection, connect
from warehouse.roles import Role

OCCURRED_AT = datetime(2024, 6, 3, 12, tzinfo=UTC)  # a Monday


def event(**fields: object) -> dict[str, object]:
    """Return a valid event: a page view of user v1 at a fixed time, received now.

    The visitor follows from the user, anonymous or session id, as in ingestion.

    Args:
        fields: Columns of ``raw.events`` to set or to replace; ``load_id`` is not among them.
    """
    values: dict[str, object] = {
        "event_id": uuid.uuid4(),
        "source": "test",
        "category": "user",
        "event_type": "page_view",
        "user_id": "v1",
        "anonymous_id": None,
        "session_id": None,
        "entity_type": None,
        "entity_id": None,
        "value": None,
        "currency": None,
        "quantity": None,
        "occurred_at": OCCURRED_AT,
        "is_time_corrected": False,
        "received_at": datetime.now(UTC),
        "context": {},
        "properties": {},
    }
    unknown = fields.keys() - values.keys() - {"visitor_id"}
    assert not unknown, f"raw.events has no column {sorted(unknown)}"
    values.update(fields)
    values.setdefault(
        "visitor_id",
        values["user_id"]
        or values["anonymous_id"]
        or values["session_id"]
        or str(values["event_id"]),
    )
    return values


def land(
    warehouse: Warehouse,
    events: Sequence[Mapping[str, object]],
    *,
    received_at: datetime | None = None,
    duplicate: int = 0,
    quarantined: int = 0,
    suppressed: int = 0,
) -> int:
    """Land events as one load, in a transaction of its own.

    Args:
        warehouse: Where to.
        events: What :func:`event` takes, of which every field has a default.
        received_at: Of the load, and of all its events; else each event's own.
        duplicate: Further events of the load that were stored before.
        quarantined: Further events of the load that were put into quarantine.
        suppressed: Further events of the load that were dropped on purpose.

    Returns:
        The load's id.
    """
    with connect(warehouse.dsn(Role.OWNER)) as connection:
        return insert_load(
            connection,
            events,
            received_at=received_at,
            duplicate=duplicate,
            quarantined=quarantined,
            suppressed=suppressed,
        )


def insert_load(
    connection: Connection,
    events: Sequence[Mapping[str, object]],
    *,
    received_at: datetime | None = None,
    duplicate: int = 0,
    quarantined: int = 0,
    suppressed: int = 0,
) -> int:
    """Do what :func:`land` does, in a transaction of the caller's."""
    rows = [event(**given) for given in events]
    if received_at is not None:
        rows = [{**row, "received_at": received_at} for row in rows]
    times = sorted(row["received_at"] for row in rows if isinstance(row["received_at"], datetime))
    answer = connection.execute(
        "insert into raw.loads (received_at, origin, received, stored, duplicate, quarantined,"
        " suppressed, first_received_at, last_received_at)"
        " values (coalesce(%s, now()), 'http', %s, %s, %s, %s, %s, %s, %s) returning load_id",
        (
            received_at,
            len(rows) + duplicate + quarantined + suppressed,
            len(rows),
            duplicate,
            quarantined,
            suppressed,
            times[0] if times else None,
            times[-1] if times else None,
        ),
    ).fetchone()
    assert answer is not None
    load_id = int(answer[0])
    cursor = connection.cursor()
    with cursor.copy("copy raw.event_ids (event_id, load_id) from stdin") as copy:
        for row in rows:
            copy.write_row((row["event_id"], load_id))
    columns = [*event(), "load_id"]
    statement = f"copy raw.events ({', '.join(columns)}) from stdin"
    with cursor.copy(statement.encode()) as copy:
        for row in rows:
            values = {**row, "load_id": load_id}
            copy.write_row(
                [
                    Jsonb(value) if isinstance(value, dict) else value
                    for value in map(values.get, columns)
                ]
            )
    return load_id
